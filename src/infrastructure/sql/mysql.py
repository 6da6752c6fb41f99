"""Sessions on MySQL and MariaDB: SQLAlchemy's AsyncEngine with its own pool, and asyncmy."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from sqlalchemy import Executable
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from doorward.infrastructure.sql.connection import Limits, SqlRow, Values, checked_out


@final
@dataclass(frozen=True, slots=True)
class MySqlSession:
    """Every wait for the server has a bound. SQLAlchemy closes a connection that was not waited for to the end."""

    connection: AsyncConnection
    wait_seconds: float

    async def rows(self, statement: Executable, values: Values) -> Sequence[SqlRow]:
        async with asyncio.timeout(self.wait_seconds):
            return (await self.connection.execute(statement, values)).all()

    async def change(self, statement: Executable, values: Sequence[Values] | Values) -> int:
        async with asyncio.timeout(self.wait_seconds):
            return (await self.connection.execute(statement, values)).rowcount

    async def begin(self) -> None:
        """Do nothing: with autocommit off, the server begins a transaction with the first statement."""

    async def commit(self) -> None:
        async with asyncio.timeout(self.wait_seconds):
            await self.connection.commit()

    async def roll_back(self) -> None:
        async with asyncio.timeout(self.wait_seconds):
            await self.connection.rollback()

    async def release(self) -> None:
        """Return the connection to the pool. The server is not asked: nothing is open, or the connection is broken."""
        await self.connection.close()


@final
@dataclass(frozen=True, slots=True)
class MySqlConnections:
    engine: AsyncEngine
    limits: Limits

    @property
    def in_use(self) -> int:
        return checked_out(self.engine.pool)

    async def session(self) -> MySqlSession:
        """Take a connection from the pool or make one. The pool bounds its own wait, but not what a new one takes."""
        async with asyncio.timeout(self.limits.pool_wait_seconds + self.limits.wait_seconds):
            return MySqlSession(await self.engine.connect(), self.limits.wait_seconds)

    async def close(self) -> None:
        await self.engine.dispose()
