"""Sessions on SQLite: SQLAlchemy's synchronous engine, used on the event loop.

A read by key takes about 30 microseconds, much less than a switch to a thread. Work that may block runs in a thread:
opening the file, waiting for a lock of another process, the commit, which waits for the disk, and statements that read
or change many rows.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar, final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.sql.errors import is_busy
from doorward.infrastructure.sql.pools import Limits, Work
from doorward.infrastructure.sql.waiting import Places, WaitLimit

T = TypeVar("T")
DO_NOT_WAIT = "PRAGMA busy_timeout = 0"


@final
@dataclass(slots=True)
class SqliteSession:
    """A connection that is used by at most one thread at a time.

    If its caller is cancelled or times out, the thread continues. The session then rejects all further statements, and
    its connection is closed when the thread has ended.
    """

    connections: "SqliteConnections"
    connection: Connection
    limit: WaitLimit
    working: asyncio.Future[Any] | None = None
    released: bool = False

    async def run(self, work: Work[T], *, many_rows: bool = False) -> T:
        return await self._run(lambda: work(self.connection), in_thread=many_rows)

    async def begin(self) -> None:
        await self._run(lambda: self._command("BEGIN IMMEDIATE"))

    async def commit(self, work: Work[None] | None) -> None:
        def work_and_commit() -> None:
            if work is not None:
                work(self.connection)
            self._command("COMMIT")

        self.limit = WaitLimit(self.connections.limits.wait_seconds)
        await self._in_thread(work_and_commit)

    async def roll_back(self) -> None:
        """Roll back. The connection is closed instead if SQLite reports an error or a thread still uses it."""
        if self.working is not None or self.connection.invalidated:
            return
        try:
            self._command("ROLLBACK")
        except SQLAlchemyError:
            self.connection.invalidate()

    async def renew(self) -> None:
        self.connection.close()
        self.released = True  # if the file cannot be opened, the place is given back there
        self.connection = await self.connections.connect(self.limit)
        self.released = False

    async def release(self) -> None:
        if self.released:
            return
        self.released = True
        if self.working is None:
            self.connections.release(self.connection)
        else:
            self.working.add_done_callback(self._release_late)

    def _release_late(self, working: asyncio.Future[Any]) -> None:
        """Close the connection, because the thread may have left a transaction open."""
        if not working.cancelled():
            working.exception()
        self.connection.invalidate()
        self.connections.release(self.connection)

    def _command(self, command: str) -> None:
        self.connection.exec_driver_sql(command)

    async def _run(self, work: Callable[[], T], *, in_thread: bool = False) -> T:
        """Run `work` on the event loop, or in a thread if it is `in_thread` or must wait for a lock."""
        if self.working is not None:
            raise StorageUnavailable(cause="earlier_statement_still_runs")
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
    """A pool of at most `size` connections, which stay open. A caller waits without blocking while all are in use.

    SQLAlchemy's own pool is not used, because it costs as much per request as a read by key.
    """

    engine: Engine
    limits: Limits
    size: int
    wait_for_locks: str = field(init=False)
    threads: ThreadPoolExecutor = field(init=False)
    places: Places = field(init=False)
    idle: list[Connection] = field(default_factory=list)
    closed: bool = False

    def __post_init__(self) -> None:
        self.wait_for_locks = f"PRAGMA busy_timeout = {round(self.limits.lock_wait_seconds * 1000)}"
        self.threads = ThreadPoolExecutor(self.size, "sqlite")
        self.places = Places(self.size, self.limits.max_waiting_per_connection)

    @property
    def in_use(self) -> int:
        return self.places.taken

    @property
    def allowance_seconds(self) -> float:
        return 0.0

    async def session(self, limit: WaitLimit) -> SqliteSession:
        await self.places.take(limit)
        connection = self.idle.pop() if self.idle else await self.connect(limit)
        return SqliteSession(self, connection, limit)

    async def connect(self, limit: WaitLimit) -> Connection:
        """Open the file in a thread, since SQLite may have to wait for a lock or to read its log. If that fails, give
        the caller's place back."""
        connecting = asyncio.get_running_loop().run_in_executor(self.threads, self.engine.connect)
        try:
            async with limit:
                return await asyncio.shield(connecting)
        except BaseException:
            if connecting.done():
                self._release_unused(connecting)
            else:
                connecting.add_done_callback(self._release_unused)
            raise

    def _release_unused(self, connecting: asyncio.Future[Connection]) -> None:
        opened = not connecting.cancelled() and connecting.exception() is None
        self.release(connecting.result() if opened else None)

    def release(self, connection: Connection | None) -> None:
        """Keep the connection for the next caller, unless it is broken. None means that it could not be opened."""
        self.places.give_back()
        if connection is None:
            return
        if connection.invalidated or self.closed:
            connection.close()
        else:
            self.idle.append(connection)

    async def close(self) -> None:
        """Wait for the threads and close the idle connections. Connections in use are closed when they are released."""
        self.closed = True
        await asyncio.to_thread(self.threads.shutdown)
        while self.idle:
            self.idle.pop().close()
