"""Sessions through a driver for asyncio, such as asyncmy: SQLAlchemy's engine with its own pool.

SQLAlchemy runs an asynchronous driver in a greenlet: `greenlet_spawn` calls a plain function, and whatever the driver
waits for in it, the caller waits for. A greenlet costs as much as a small query, so what belongs together runs in one.
A read takes its connection from the pool and returns it there; a transaction takes it with its first statement and
returns it with the commit. What a use case does not wait for runs together with the next statement.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeVar, final

from sqlalchemy import Connection, Engine
from sqlalchemy.util import greenlet_spawn

from doorward.infrastructure.sql.connection import connected
from doorward.infrastructure.sql.errors import connecting
from doorward.infrastructure.sql.mysql.abandoned import AbandonedStatements
from doorward.infrastructure.sql.pools import Limits, Work
from doorward.infrastructure.sql.round_trip import ROUND_TRIPS_TO_CONNECT, RoundTrip
from doorward.infrastructure.sql.waiting import Places, WaitLimit, finish_despite_cancellation

T = TypeVar("T")


@final
@dataclass(slots=True)
class AsyncSession:
    """A place in the pool, and the connection of a transaction.

    A statement whose caller is cancelled runs to its end, so that its connection can be used again. If it reaches the
    time limit, SQLAlchemy closes its connection.
    """

    connections: "AsyncConnections"
    limit: WaitLimit
    in_transaction: bool = False
    connection: Connection | None = None
    released: bool = False

    async def run(self, work: Work[T], *, many_rows: bool = False) -> T:  # noqa: ARG002 SQLite needs to know
        return await finish_despite_cancellation(self._run_within_limit(work))

    async def begin(self) -> None:
        """Send nothing: a transaction begins with its first statement."""
        self.in_transaction = True

    async def commit(self, work: Work[None] | None) -> None:
        def work_and_commit(connection: Connection) -> None:
            if work is not None:
                work(connection)
            end_or_close(connection, Connection.commit)

        if self.connection is not None or work is not None:
            await self._end(work_and_commit)

    async def roll_back(self) -> None:
        if self.connection is not None:
            await self._end(lambda connection: end_or_close(connection, Connection.rollback))

    async def renew(self) -> None:
        """Do nothing: a read takes its connection from the pool when it runs, and the pool has dropped the lost one."""

    async def release(self) -> None:
        if not self.released:
            self.released = True
            self.connections.places.give_back()

    async def _end(self, work: Work[None]) -> None:
        """Do the work, which ends the transaction, and return the connection. If the work raises before the end, the
        connection rolls back when it is returned."""
        self.in_transaction = False
        self.limit = WaitLimit(self.connections.limits.wait_seconds)
        self.limit.allow(self.connections.allowance_seconds)
        await self._run_within_limit(work)  # SqlConnection ends transactions despite cancellation

    async def _run_within_limit(self, work: Work[T]) -> T:
        async with self.limit:
            return await greenlet_spawn(self._run_in_greenlet, work)

    def _run_in_greenlet(self, work: Work[T]) -> T:
        connection = self.connection or self.connections.connect(self.limit)
        began = perf_counter()
        if self.in_transaction:
            self.connection = connection
            result = work(connection)
        else:
            self.connection = None
            with connection:
                result = work(connection)
        self.connections.round_trip.measured(perf_counter() - began)
        return result


def end_or_close(connection: Connection, end: Callable[[Connection], None]) -> None:
    """End the transaction. If that fails, close the connection, because the transaction may still be open on it."""
    try:
        end(connection)
    except BaseException:
        connection.invalidate()
        raise


@final
@dataclass(slots=True)
class AsyncConnections:
    """SQLAlchemy's pool of `size` connections. A caller takes a place before it uses the pool.

    So the pool itself never lets a caller wait.
    """

    engine: Engine
    limits: Limits
    size: int
    places: Places = field(init=False)
    round_trip: RoundTrip = field(default_factory=RoundTrip)
    abandoned: AbandonedStatements = field(init=False)

    def __post_init__(self) -> None:
        self.places = Places(self.size, self.limits.max_waiting_per_connection)
        self.abandoned = AbandonedStatements(self._run_apart)
        self.abandoned.watch(self.engine)

    @property
    def in_use(self) -> int:
        return self.places.taken

    @property
    def allowance_seconds(self) -> float:
        return self.round_trip.allowance_seconds

    async def session(self, limit: WaitLimit) -> AsyncSession:
        await self.places.take(limit)
        return AsyncSession(self, limit)

    def connect(self, limit: WaitLimit) -> Connection:
        """Return a connection of the pool, or a new one, which has a limit of its own. Called in a greenlet. Raise
        StorageUnavailable."""
        is_first = self.round_trip.seconds == 0
        began = perf_counter()
        limit.begin_apart(self.connect_seconds)
        try:
            with connecting():
                connection = self.engine.connect()
        finally:
            limit.end_apart()
        if is_first:
            self.round_trip.measured((perf_counter() - began) / ROUND_TRIPS_TO_CONNECT)
            limit.allow(self.allowance_seconds)
        return connection

    @property
    def connect_seconds(self) -> float:
        """Return how long a new connection may take."""
        if self.round_trip.seconds == 0:
            return max(self.limits.first_connect_seconds, self.limits.wait_seconds)
        return self.limits.wait_seconds + self.allowance_seconds

    async def _run_apart(self, work: Work[None]) -> None:
        async with connected(self, in_transaction=True) as connection:
            await connection.begin()
            await connection.run(work, "abandoned statements")
            await connection.commit(lambda: None)

    async def close(self) -> None:
        await self.abandoned.close()
        await greenlet_spawn(self.engine.dispose)
