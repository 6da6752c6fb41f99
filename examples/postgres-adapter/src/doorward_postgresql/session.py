"""One connection of PostgreSQL, as Doorward's repositories use it: SQLAlchemy Core on asyncpg.

Doorward begins and ends transactions by statements of its own. A statement that fails ends a transaction of PostgreSQL,
and Doorward's repositories go on after a violated constraint. So a savepoint is set before each change.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar, final

import asyncpg
from sqlalchemy import CursorResult, Executable
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from doorward.domain.errors import TransactionConflict
from doorward.infrastructure.sql.connection import Limits, SqlRow, Values, finish_despite_cancellation
from doorward.infrastructure.sql.waiting import Places, WaitLimit
from doorward_postgresql.errors import ends_connection, is_violation, refusal
from doorward_postgresql.locks import LOCK_THEN_READ

T = TypeVar("T")


@final
@dataclass(slots=True)
class PostgresqlSession:
    """A place in the pool and its connection.

    A statement whose caller is cancelled runs to its end, so that its connection can be used again. If it reaches the
    time limit, its connection is cut.
    """

    connections: "PostgresqlConnections"
    connection: AsyncConnection
    driver: asyncpg.Connection
    limit: WaitLimit
    in_transaction: bool = False
    prelude: str = ""
    """What must be sent before the next statement, and after a savepoint: the beginning of the transaction."""
    has_savepoint: bool = False
    broken: bool = False
    released: bool = False

    async def rows(self, statement: Executable, values: Values) -> Sequence[SqlRow]:
        lock, read = LOCK_THEN_READ.get(statement, (None, statement))
        if lock is not None:
            await self._run(lambda: self._read(lock, values), lock)
        return (await self._run(lambda: self._read(read, values), read)).all()

    async def change(self, statement: Executable, values: Sequence[Values] | Values) -> int:
        return (await self._run(lambda: self._change(statement, values), statement)).rowcount

    async def begin(self) -> None:
        """Send nothing: the transaction begins with the first statement."""
        self.in_transaction = True
        self.prelude = "BEGIN"

    async def commit(self) -> None:
        self.limit = WaitLimit(self.connections.limits.wait_seconds)
        if self.prelude:
            return
        ended = await self._run(lambda: self.driver.execute("COMMIT"), "commit")
        self.in_transaction = False
        if ended != "COMMIT":  # PostgreSQL answers ROLLBACK, and no error, if a statement had failed
            raise TransactionConflict(cause="an_earlier_statement_failed")

    async def roll_back(self) -> None:
        if self.prelude or self.broken:
            return
        self.limit = WaitLimit(self.connections.limits.wait_seconds)
        await self._run(lambda: self.driver.execute("ROLLBACK"), "rollback")
        self.in_transaction = False

    async def renew(self) -> None:
        await self._return()
        self.released = True  # until there is another connection; if there is none, the place is given back there
        self.connection, self.driver = await self.connections.connect(self.limit)
        self.released = self.broken = False

    async def release(self) -> None:
        if self.released:
            return
        self.released = True
        try:
            await self._return()
        finally:
            self.connections.places.give_back()

    async def _return(self) -> None:
        """Return the connection to the pool, or close it if it is broken or in the middle of a transaction."""
        with suppress(Exception):
            if self.broken or self.driver.is_closed() or (self.in_transaction and not self.prelude):
                self.driver.terminate()
                await self.connection.invalidate()
            await self.connection.close()

    async def _read(self, statement: Executable, values: Values) -> CursorResult[Any]:
        if self.prelude:
            await self.driver.execute(self.prelude)
            self.prelude = ""
        return await self.connection.execute(statement, values)

    async def _change(self, statement: Executable, values: Sequence[Values] | Values) -> CursorResult[Any]:
        if not self.in_transaction:  # the server refuses to write on connections for reading
            return await self.connection.execute(statement, values)
        before = self.prelude or ("RELEASE SAVEPOINT change" if self.has_savepoint else "")
        await self.driver.execute(f"{before}; SAVEPOINT change" if before else "SAVEPOINT change")
        self.prelude, self.has_savepoint = "", True
        try:
            return await self.connection.execute(statement, values)
        except Exception as error:
            if is_violation(error):
                await self.driver.execute("ROLLBACK TO SAVEPOINT change")
            raise

    async def _run(self, work: Callable[[], Awaitable[T]], at: Executable | str) -> T:
        """Return the result of `work` within the limit. `at` is the statement, or its name."""
        try:
            return await finish_despite_cancellation(self._within_limit(work))
        except Exception as error:
            self.broken = self.broken or self.driver.is_closed() or ends_connection(error)
            refused = refusal(error, at)
            if refused is None:
                raise
            raise refused from error

    async def _within_limit(self, work: Callable[[], Awaitable[T]]) -> T:
        working = asyncio.ensure_future(work())
        try:
            async with self.limit:
                return await asyncio.shield(working)
        except TimeoutError:
            self.broken = True
            self.driver.terminate()  # ends the statement here, without waiting for the server
            await asyncio.wait({working})
            working.exception()
            raise


@final
@dataclass(slots=True)
class PostgresqlConnections:
    """SQLAlchemy's pool of `size` connections. A caller takes a place first, so that the pool never lets one wait."""

    engine: AsyncEngine
    limits: Limits
    size: int
    places: Places = field(init=False)

    def __post_init__(self) -> None:
        self.places = Places(self.size, self.limits.max_waiting_per_connection)

    @property
    def in_use(self) -> int:
        return self.places.taken

    async def session(self, limit: WaitLimit) -> PostgresqlSession:
        await self.places.take(limit)
        connection, driver = await self.connect(limit)
        return PostgresqlSession(self, connection, driver, limit)

    async def connect(self, limit: WaitLimit) -> tuple[AsyncConnection, asyncpg.Connection]:
        """Return a connection of the pool, or a new one. If that fails, give the caller's place back."""
        try:
            async with limit:
                connection = await self.engine.connect()
        except BaseException:
            self.places.give_back()
            raise
        driver = (await connection.get_raw_connection()).driver_connection
        return connection, driver

    async def close(self) -> None:
        await self.engine.dispose()
