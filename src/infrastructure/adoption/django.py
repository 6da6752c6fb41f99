"""Django's own accounts: `auth_user`, `auth_group` and `auth_user_groups` of django.contrib.auth."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, final

from sqlalchemy import bindparam, column, func, select, table

from doorward.domain.access.role import ADMIN
from doorward.domain.adoption.foreign_account import ForeignAccount
from doorward.infrastructure.adoption.source_database import SourceDatabase
from doorward.infrastructure.adoption.table_source import parts, utc
from doorward.infrastructure.sql.connection import SqlRow

USERS = table(
    "auth_user",
    *(
        column(name)
        for name in ("id", "username", "email", "password", "is_active", "is_staff", "is_superuser", "date_joined")
    ),
)
GROUPS = table("auth_group", column("id"), column("name"))
MEMBERS = table("auth_user_groups", column("user_id"), column("group_id"))

ACCOUNTS = select(USERS)
MEMBERSHIPS = (
    select(MEMBERS.c.user_id, GROUPS.c.name)
    .select_from(MEMBERS.join(GROUPS, GROUPS.c.id == MEMBERS.c.group_id))
    .where(MEMBERS.c.user_id >= bindparam("first"), MEMBERS.c.user_id <= bindparam("last"))
)
STAFF: Final = "staff"
WRAPPED: Final = ("argon2$", "bcrypt$")
"""Django writes these before the hash as the library made it."""

UNUSABLE: Final = "!"
"""Begins what stands in place of a hash for an account without a password."""


@final
@dataclass(frozen=True, slots=True)
class DjangoSource:
    """A superuser has the role `admin` here, and whoever may enter the admin site `staff`. Each group is a role."""

    database: SourceDatabase
    name: str

    @classmethod
    async def open(cls, database: SourceDatabase, name: str) -> Self:
        """Raise StartRefused if the tables are missing."""
        for each in (USERS, GROUPS, MEMBERS):
            await database.columns(each.name, (key.replace("_", "") for key in each.c.keys()))  # noqa: SIM118 no mapping
        return cls(database, name)

    async def count(self) -> int:
        return int((await self.database.rows(select(func.count()).select_from(USERS)))[0][0])

    async def roles(self) -> Sequence[str]:
        groups = [row.name for row in await self.database.rows(select(GROUPS.c.name).order_by(GROUPS.c.id))]
        return list(dict.fromkeys([ADMIN, STAFF, *groups]))

    def batches(self) -> AsyncIterator[Sequence[ForeignAccount]]:
        return parts(self.database, ACCOUNTS, USERS.c.id, self._accounts)

    async def _accounts(self, rows: Sequence[SqlRow]) -> Sequence[ForeignAccount]:
        groups: Mapping[Any, list[str]] = defaultdict(list)
        for member in await self.database.rows(MEMBERSHIPS, {"first": rows[0].id, "last": rows[-1].id}):
            groups[member.user_id].append(member.name)
        return [
            ForeignAccount(
                external_id=str(row.id),
                username=row.username,
                email=row.email or None,
                password_hash=bare_hash(row.password),
                roles=roles_of(row, groups[row.id]),
                disabled=not row.is_active,
                created_at=utc(row.date_joined),
            )
            for row in rows
        ]


def roles_of(row: SqlRow, groups: Sequence[str]) -> tuple[str, ...]:
    held = [*([ADMIN] if row.is_superuser else []), *([STAFF] if row.is_staff else []), *groups]
    return tuple(dict.fromkeys(held))


def bare_hash(password: str) -> str | None:
    """Return the hash as its library made it, or None for an account without a password."""
    if password.startswith(UNUSABLE):
        return None
    for prefix in WRAPPED:
        if password.startswith(prefix):
            return f"${password.removeprefix(prefix).removeprefix('$')}"
    return password
