"""The table `auth.users` of Supabase Auth, which was called GoTrue. It is on PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self, final

from sqlalchemy import column, func, select, table

from doorward.domain.adoption.foreign_account import ForeignAccount
from doorward.infrastructure.adoption.source_database import SourceDatabase
from doorward.infrastructure.adoption.table_source import parts, utc
from doorward.infrastructure.sql.connection import SqlRow

SCHEMA: Final = "auth"
COLUMNS: Final = (
    "id",
    "email",
    "email_confirmed_at",
    "encrypted_password",
    "created_at",
    "banned_until",
    "deleted_at",
)
USERS = table("users", *(column(name) for name in COLUMNS), schema=SCHEMA)
PRESENT = USERS.c.deleted_at.is_(None)


@final
@dataclass(frozen=True, slots=True)
class SupabaseSource:
    """People sign in with their addresses. Deleted accounts are left out; a banned one is disabled."""

    database: SourceDatabase
    name: str

    @classmethod
    async def open(cls, database: SourceDatabase, name: str) -> Self:
        """Raise StartRefused if the table is missing."""
        await database.columns("users", (name.replace("_", "") for name in COLUMNS), SCHEMA)
        return cls(database, name)

    async def count(self) -> int:
        return int((await self.database.rows(select(func.count()).select_from(USERS).where(PRESENT)))[0][0])

    async def roles(self) -> Sequence[str]:
        return []

    def batches(self) -> AsyncIterator[Sequence[ForeignAccount]]:
        return parts(self.database, select(USERS).where(PRESENT), USERS.c.id, accounts)


async def accounts(rows: Sequence[SqlRow]) -> Sequence[ForeignAccount]:
    now = datetime.now(UTC)
    return [
        ForeignAccount(
            external_id=str(row.id),
            username=None,
            email=row.email,
            email_verified=row.email_confirmed_at is not None,
            password_hash=row.encrypted_password,
            disabled=(utc(row.banned_until) or now) > now,
            created_at=utc(row.created_at),
        )
        for row in rows
    ]
