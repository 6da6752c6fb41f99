"""The table `user` of fastapi-users, as its adapter for SQLAlchemy makes it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, Self, final

from sqlalchemy import column, func, quoted_name, select, table

from doorward.domain.access.role import ADMIN
from doorward.domain.adoption.foreign_account import ForeignAccount
from doorward.infrastructure.adoption.source_database import SourceDatabase
from doorward.infrastructure.adoption.table_source import parts
from doorward.infrastructure.sql.connection import SqlRow

NAME: Final = "user"
USERS = table(
    quoted_name(NAME, quote=True),  # a reserved word of PostgreSQL
    *(column(name) for name in ("id", "email", "hashed_password", "is_active", "is_superuser", "is_verified")),
)
ACCOUNTS = select(USERS)


@final
@dataclass(frozen=True, slots=True)
class FastapiUsersSource:
    """People sign in with their addresses. A superuser has the role `admin` here."""

    database: SourceDatabase
    name: str

    @classmethod
    async def open(cls, database: SourceDatabase, name: str) -> Self:
        """Raise StartRefused if the table is missing."""
        await database.columns(NAME, ("id", "email", "hashedpassword", "isactive", "issuperuser", "isverified"))
        return cls(database, name)

    async def count(self) -> int:
        return int((await self.database.rows(select(func.count()).select_from(USERS)))[0][0])

    async def roles(self) -> Sequence[str]:
        return [ADMIN]

    def batches(self) -> AsyncIterator[Sequence[ForeignAccount]]:
        return parts(self.database, ACCOUNTS, USERS.c.id, accounts)


async def accounts(rows: Sequence[SqlRow]) -> Sequence[ForeignAccount]:
    return [
        ForeignAccount(
            external_id=str(row.id),
            username=None,
            email=row.email,
            email_verified=bool(row.is_verified),
            password_hash=row.hashed_password,
            roles=(ADMIN,) if row.is_superuser else (),
            disabled=not row.is_active,
        )
        for row in rows
    ]
