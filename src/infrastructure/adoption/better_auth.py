"""The tables `user` and `account` of better-auth, also with its plugins for usernames and for administration."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, final

from sqlalchemy import ColumnElement, column, func, null, quoted_name, select, table

from doorward.domain.adoption.foreign_account import ForeignAccount
from doorward.infrastructure.adoption.source_database import SourceDatabase
from doorward.infrastructure.adoption.table_source import parts, utc
from doorward.infrastructure.sql.connection import SqlRow

USER: Final = "user"
ACCOUNT: Final = "account"
BY_PASSWORD: Final = "credential"  # noqa: S105 the name of a provider
"""The provider of an account that has a password here. The others have the names of other services."""

USERS = table(
    quoted_name(USER, quote=True),  # a reserved word of PostgreSQL
    *(column(name) for name in ("id", "email", "emailVerified", "createdAt", "username", "role", "banned")),
)
LOGINS = table(ACCOUNT, *(column(name) for name in ("userId", "providerId", "password")))


@final
@dataclass(frozen=True, slots=True)
class BetterAuthSource:
    """People sign in with their addresses, and with usernames if there is the plugin. A banned account is disabled."""

    database: SourceDatabase
    name: str
    plugins: frozenset[str]
    """The columns of plugins that there are."""

    @classmethod
    async def open(cls, database: SourceDatabase, name: str) -> Self:
        """Raise StartRefused if the tables are missing."""
        users = await database.columns(USER, ("id", "email", "emailverified", "createdat"))
        await database.columns(ACCOUNT, ("userid", "providerid", "password"))
        return cls(database, name, frozenset(users) & {"username", "role", "banned"})

    async def count(self) -> int:
        return int((await self.database.rows(select(func.count()).select_from(USERS)))[0][0])

    async def roles(self) -> Sequence[str]:
        if "role" not in self.plugins:
            return []
        rows = await self.database.rows(select(USERS.c.role).distinct())
        return list(dict.fromkeys(role for row in rows for role in split(row[0])))

    def batches(self) -> AsyncIterator[Sequence[ForeignAccount]]:
        login = (LOGINS.c.userId == USERS.c.id) & (LOGINS.c.providerId == BY_PASSWORD)
        found = select(
            USERS.c.id,
            USERS.c.email,
            USERS.c.emailVerified.label("email_verified"),
            USERS.c.createdAt.label("created_at"),
            LOGINS.c.password,
            *(self._of_plugin(name).label(name) for name in ("username", "role", "banned")),
        )
        return parts(self.database, found.select_from(USERS.outerjoin(LOGINS, login)), USERS.c.id, accounts)

    def _of_plugin(self, name: str) -> ColumnElement[Any]:
        return USERS.c[name] if name in self.plugins else null()


async def accounts(rows: Sequence[SqlRow]) -> Sequence[ForeignAccount]:
    return [
        ForeignAccount(
            external_id=str(row.id),
            username=row.username,
            email=row.email,
            email_verified=bool(row.email_verified),
            password_hash=row.password,
            roles=tuple(split(row.role)),
            disabled=bool(row.banned),
            created_at=utc(row.created_at),
        )
        for row in {row.id: row for row in rows}.values()
    ]


def split(role: str | None) -> list[str]:
    """Return the roles of a text such as `admin,editor`."""
    return list(dict.fromkeys(name.strip() for name in (role or "").split(",") if name.strip()))
