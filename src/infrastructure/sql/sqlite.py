"""Sessions on SQLite: SQLAlchemy's synchronous engine, used on the event loop.

A keyed read takes some 30 microseconds, much less than it takes to hand it to a thread. What may wait goes to a thread
nevertheless: opening the file, getting a lock that another process holds, the commit, which reaches the disk, and
statements that touch many rows.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar, final

from sqlalchemy import Connection, CursorResult, Engine, Executable, QueuePool
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.sql.connection import MANY_ROWS, Limits, SqlRow, Values, checked_out
from doorward.infrastructure.sql.errors import is_busy
from doorward.infrastructure.sql.waiting import WaitLimit

T = TypeVar("T")
DO_NOT_WAIT = "PRAGMA busy_timeout = 0"
MAX_INLINE_CHANGES = 16
"""Sets of values for one statement that are run on the event loop; more are run in a thread."""


@final
@dataclass(slots=True)
class SqliteSession:
    """A connection, and at most one thread at a time that works with it.

    A caller that is cancelled or runs out of time leaves that thread at work. The session takes no more statements
    then, and its connection is closed when the thread has ended.
    """

    connections: "SqliteConnections"
    connection: Connection
    limit: WaitLimit
    working: asyncio.Future[Any] | None = None
    released: bool = False

    async def rows(self, statement: Executable, values: Values) -> Sequence[SqlRow]:
        return await self._run(lambda: self._execute(statement, values).all(), in_thread=has_many_rows(statement))

    async def change(self, statement: Executable, values: Sequence[Values] | Values) -> int:
        many = isinstance(values, Sequence) and len(values) > MAX_INLINE_CHANGES
        return await self._run(
            lambda: self._execute(statement, values).rowcount, in_thread=many or has_many_rows(statement)
        )

    async def begin(self) -> None:
        await self._run(lambda: self._command("BEGIN IMMEDIATE"))

    async def commit(self) -> None:
        self.limit = WaitLimit(self.connections.limits.wait_seconds)
        await self._in_thread(lambda: self._command("COMMIT"))

    async def roll_back(self) -> None:
        """Roll back. A connection that cannot, since SQLite did it already or a thread is at work, is closed."""
        if self.working is not None:
            return
        try:
            self._command("ROLLBACK")
        except SQLAlchemyError:
            self.connection.invalidate()

    async def release(self) -> None:
        if self.released:
            return
        self.released = True
        if self.working is None:
            self.connections.release(self.connection)
        else:
            self.working.add_done_callback(self._release_late)

    def _release_late(self, working: asyncio.Future[Any]) -> None:
        """Close the connection, since it is unknown what the thread left open."""
        if not working.cancelled():
            working.exception()
        self.connection.invalidate()
        self.connections.release(self.connection)

    def _execute(self, statement: Executable, values: Sequence[Values] | Values) -> CursorResult[Any]:
        return self.connection.execute(statement, values)

    def _command(self, command: str) -> None:
        self.connection.exec_driver_sql(command)

    async def _run(self, work: Callable[[], T], *, in_thread: bool = False) -> T:
        """Run `work` at once if it need not wait, else in a thread."""
        if self.working is not None:
            raise StorageUnavailable
        if not in_thread:
            try:
                return work()
            except OperationalError as error:
                if not is_busy(error):
                    raise
        return await self._in_thread(lambda: self._waiting_for_locks(work))

    def _waiting_for_locks(self, work: Callable[[], T]) -> T:
        self.connection.exec_driver_sql(self.connections.wait_for_locks)
        try:
            return work()
        finally:
            self.connection.exec_driver_sql(DO_NOT_WAIT)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        working = asyncio.get_running_loop().run_in_executor(self.connections.threads, work)
        self.working = working
        try:
            async with self.limit:
                return await asyncio.shield(working)
        finally:
            if working.done():
                self.working = None


@final
@dataclass(slots=True)
class SqliteConnections:
    """At most `size` connections. SQLAlchemy's pool keeps them; who finds none waits here, not on the event loop."""

    engine: Engine
    limits: Limits
    size: int
    wait_for_locks: str = field(init=False)
    threads: ThreadPoolExecutor = field(init=False)
    free: asyncio.Semaphore = field(init=False)
    """How many more connections may be taken."""

    def __post_init__(self) -> None:
        self.wait_for_locks = f"PRAGMA busy_timeout = {round(self.limits.lock_wait_seconds * 1000)}"
        self.threads = ThreadPoolExecutor(self.size, "sqlite")
        self.free = asyncio.Semaphore(self.size)

    @property
    def in_use(self) -> int:
        return checked_out(self.engine.pool)

    async def session(self, limit: WaitLimit) -> SqliteSession:
        if self.free.locked():
            async with limit:
                await self.free.acquire()
        else:
            await self.free.acquire()
        connection = self._connect_at_once() if self._is_one_idle() else await self._connect(limit)
        return SqliteSession(self, connection, limit)

    def _is_one_idle(self) -> bool:
        return isinstance(self.engine.pool, QueuePool) and self.engine.pool.checkedin() > 0

    def _connect_at_once(self) -> Connection:
        try:
            return self.engine.connect()
        except BaseException:
            self.free.release()
            raise

    async def _connect(self, limit: WaitLimit) -> Connection:
        """Open the file in a thread, since SQLite may have to wait for a lock or to read its log."""
        connecting = asyncio.get_running_loop().run_in_executor(self.threads, self.engine.connect)
        try:
            async with limit:
                return await asyncio.shield(connecting)
        except BaseException:
            connecting.add_done_callback(self._close_unused)
            raise

    def _close_unused(self, connecting: asyncio.Future[Connection]) -> None:
        if connecting.cancelled() or connecting.exception() is not None:
            self.free.release()
        else:
            self.release(connecting.result())

    def release(self, connection: Connection) -> None:
        try:
            connection.close()
        except SQLAlchemyError:
            connection.invalidate()
        finally:
            self.free.release()

    async def close(self) -> None:
        """Wait for the threads, and close the connections that are in the pool."""
        await asyncio.to_thread(self.threads.shutdown)
        self.engine.dispose()


def has_many_rows(statement: Executable) -> bool:
    return not MANY_ROWS.keys().isdisjoint(statement.get_execution_options())
