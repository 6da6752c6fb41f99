"""Sessions on MySQL and MariaDB: SQLAlchemy's engine with its own pool for asyncio, and asyncmy.

SQLAlchemy runs an asynchronous driver in a greenlet: `greenlet_spawn` calls a plain function, and whatever the driver
waits for in it, the caller waits for. A greenlet costs as much as a small query, so what belongs together runs in one.
A read takes its connection from the pool and returns it there; a transaction takes it with its first statement and
returns it with the commit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, final

from sqlalchemy import Connection, Engine, Executable
from sqlalchemy.util import greenlet_spawn

from doorward.infrastructure.sql.connection import Limits, SqlRow, Values, finish_despite_cancellation
from doorward.infrastructure.sql.errors import connecting
from doorward.infrastructure.sql.waiting import Places, WaitLimit

T = TypeVar("T")


@final
@dataclass(slots=True)
class MySqlSession:
    """A place in the pool, and the connection of a transaction.

    A statement whose caller is cancelled runs to its end, so that its connection can be used again. If it reaches the
    time limit, SQLAlchemy closes its connection.
    """

    connections: "MySqlConnections"
    limit: WaitLimit
    in_transaction: bool = False
    connection: Connection | None = None
    released: bool = False

    async def rows(self, statement: Executable, values: Values) -> Sequence[SqlRow]:
        return await self._run(lambda connection: connection.execute(statement, values).all())

    async def change(self, statement: Executable, values: Sequence[Values] | Values) -> int:
        return await self._run(lambda connection: connection.execute(statement, values).rowcount)

    async def begin(self) -> None:
        """Send nothing: with autocommit off, the server begins a transaction with the first statement."""
        self.in_transaction = True

    async def commit(self) -> None:
        await self._end(Connection.commit)

    async def roll_back(self) -> None:
        await self._end(Connection.rollback)

    async def renew(self) -> None:
        """Do nothing: a read takes its connection from the pool when it runs, and the pool has dropped the lost one."""

    async def release(self) -> None:
        if not self.released:
            self.released = True
            self.connections.places.give_back()

    async def _end(self, end: Callable[[Connection], None]) -> None:
        self.in_transaction = False
        self.limit = WaitLimit(self.connections.limits.wait_seconds)
        if self.connection is not None:
            await self._run(lambda connection: end_or_close(connection, end))

    async def _run(self, work: Callable[[Connection], T]) -> T:
        return await finish_despite_cancellation(self._run_within_limit(work))

    async def _run_within_limit(self, work: Callable[[Connection], T]) -> T:
        async with self.limit:
            return await greenlet_spawn(self._run_in_greenlet, work)

    def _run_in_greenlet(self, work: Callable[[Connection], T]) -> T:
        connection = self.connection or self.connections.connect()
        if self.in_transaction:
            self.connection = connection
            return work(connection)
        self.connection = None
        with connection:
            return work(connection)


def end_or_close(connection: Connection, end: Callable[[Connection], None]) -> None:
    """End the transaction. If that fails, close the connection, because the transaction may still be open on it."""
    try:
        end(connection)
    except BaseException:
        connection.invalidate()
        raise


@final
@dataclass(slots=True)
class MySqlConnections:
    """SQLAlchemy's pool of `size` connections. A caller takes a place before it uses the pool.

    So the pool itself never lets a caller wait.
    """

    engine: Engine
    limits: Limits
    size: int
    places: Places = field(init=False)

    def __post_init__(self) -> None:
        self.places = Places(self.size, self.limits.max_waiting_per_connection)

    @property
    def in_use(self) -> int:
        return self.places.taken

    async def session(self, limit: WaitLimit) -> MySqlSession:
        await self.places.take(limit)
        return MySqlSession(self, limit)

    def connect(self) -> Connection:
        """Return a connection of the pool, or a new one. Called in a greenlet. Raise StorageUnavailable."""
        with connecting():
            return self.engine.connect()

    async def close(self) -> None:
        await greenlet_spawn(self.engine.dispose)
