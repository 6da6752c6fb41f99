"""Sessions on MySQL and MariaDB: SQLAlchemy's AsyncEngine with its own pool, and asyncmy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from sqlalchemy import Executable, QueuePool
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from doorward.infrastructure.sql.connection import Limits, SqlRow, Values
from doorward.infrastructure.sql.waiting import WaitLimit


@final
@dataclass(frozen=True, slots=True)
class MySqlSession:
    """A connection of the pool. SQLAlchemy closes it if a time-out or a cancellation interrupts a statement."""

    connection: AsyncConnection
    limit: WaitLimit
    end_seconds: float
    """The time limit of a commit or a rollback."""

    async def rows(self, statement: Executable, values: Values) -> Sequence[SqlRow]:
        async with self.limit:
            return (await self.connection.execute(statement, values)).all()

    async def change(self, statement: Executable, values: Sequence[Values] | Values) -> int:
        async with self.limit:
            return (await self.connection.execute(statement, values)).rowcount

    async def begin(self) -> None:
        """Do nothing: with autocommit off, the server begins a transaction with the first statement."""

    async def commit(self) -> None:
        async with WaitLimit(self.end_seconds):
            await self.connection.commit()

    async def roll_back(self) -> None:
        async with WaitLimit(self.end_seconds):
            await self.connection.rollback()

    async def release(self) -> None:
        """Return the connection to the pool. Nothing is sent to the server, because no transaction is open by now."""
        await self.connection.close()


@final
@dataclass(frozen=True, slots=True)
class MySqlConnections:
    engine: AsyncEngine
    limits: Limits

    @property
    def in_use(self) -> int:
        pool = self.engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    async def session(self, limit: WaitLimit) -> MySqlSession:
        async with limit:
            return MySqlSession(await self.engine.connect(), limit, self.limits.wait_seconds)

    async def close(self) -> None:
        await self.engine.dispose()
