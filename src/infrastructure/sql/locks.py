from dataclasses import dataclass
from datetime import UTC, datetime
from typing import final

from sqlalchemy import bindparam, insert, select

from doorward.application.ports.storage import LockName
from doorward.infrastructure.sql.connection import SqlConnection
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.tables import leases

ROW_PREFIX = "lock:"
"""Separates the names of locks from the names of leases, which share a table."""

UNUSED = datetime(1970, 1, 1, tzinfo=UTC)

SELECT_FOR_UPDATE = select(leases.c.name).where(leases.c.name == bindparam("lock")).with_for_update()
ADD = insert(leases)


@final
@dataclass(frozen=True, slots=True)
class SqlLocks:
    """Locks the row of each name in the table `leases`. The first transaction that needs a row adds it.

    SQLite needs no row lock, because a writing transaction locks the whole database.
    """

    connection: SqlConnection

    async def take(self, name: LockName) -> None:
        row = f"{ROW_PREFIX}{name.value}"
        if await self.connection.rows(SELECT_FOR_UPDATE, {"lock": row}):
            return
        try:
            await self.connection.change(ADD, {"name": row, "holder": "", "until": UNUSED})
        except ConstraintViolated:  # another transaction has just added the row
            await self.connection.rows(SELECT_FOR_UPDATE, {"lock": row})
