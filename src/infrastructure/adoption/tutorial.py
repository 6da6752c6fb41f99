"""The tables of the "Node.js + Express + JWT + MySQL + roles" tutorial, as Sequelize makes them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, final

from sqlalchemy import ColumnClause, TableClause, bindparam, column, func, literal, select, table

from doorward.domain.adoption.foreign_account import ForeignAccount
from doorward.infrastructure.adoption.source_database import SourceDatabase
from doorward.infrastructure.adoption.table_source import parts, utc
from doorward.infrastructure.sql.connection import SqlRow

ROLE_PREFIX = "role_"
"""Relatives of the tutorial name their roles `ROLE_USER`."""


@final
@dataclass(frozen=True, slots=True)
class TutorialSource:
    """Accounts of the tables `users`, `roles` and `user_roles`. A role has its name in lower case here."""

    database: SourceDatabase
    name: str
    users: TableClause
    roles_table: TableClause
    grants: TableClause

    @classmethod
    async def open(cls, database: SourceDatabase, name: str) -> Self:
        """Find the columns, whose spelling differs among the relatives of the tutorial. Raise StartRefused."""
        users = await database.columns("users", ("id", "username", "email", "password"))
        roles = await database.columns("roles", ("id", "name"))
        grants = await database.columns("user_roles", ("userid", "roleid"))
        return cls(database, name, spelled("users", users), spelled("roles", roles), spelled("user_roles", grants))

    async def count(self) -> int:
        return int((await self.database.rows(select(func.count()).select_from(self.users)))[0][0])

    async def roles(self) -> Sequence[str]:
        rows = await self.database.rows(select(self.roles_table.c.name).order_by(self.roles_table.c.id))
        return list(dict.fromkeys(role_name(row[0]) for row in rows if row[0]))

    def batches(self) -> AsyncIterator[Sequence[ForeignAccount]]:
        users = self.users.c
        created = users.createdat if "createdat" in users else literal(None)
        accounts = select(
            users.id.label("id"),
            users.username.label("username"),
            users.email.label("email"),
            users.password.label("password"),
            created.label("created_at"),
        )
        return parts(self.database, accounts, users.id, self._accounts)

    async def _accounts(self, rows: Sequence[SqlRow]) -> Sequence[ForeignAccount]:
        grants, roles = self.grants.c, self.roles_table.c
        held = (
            select(grants.userid.label("user_id"), roles.name.label("role"))
            .select_from(self.grants.join(self.roles_table, roles.id == grants.roleid))
            .where(grants.userid >= bindparam("first"), grants.userid <= bindparam("last"))
        )
        by_account: Mapping[Any, list[str]] = defaultdict(list)
        for grant in await self.database.rows(held, {"first": rows[0].id, "last": rows[-1].id}):
            if grant.role:
                by_account[grant.user_id].append(role_name(grant.role))
        return [
            ForeignAccount(
                external_id=str(row.id),
                username=row.username,
                email=row.email,
                password_hash=row.password,
                roles=tuple(dict.fromkeys(by_account[row.id])),
                created_at=utc(row.created_at),
            )
            for row in rows
        ]


def spelled(name: str, columns: Mapping[str, str]) -> TableClause:
    """Return the table with its columns under their keys in lower case and without underscores."""
    made = []
    for key, spelling in columns.items():
        each: ColumnClause[Any] = column(spelling)
        each.key = key
        made.append(each)
    return table(name, *made)


def role_name(name: str) -> str:
    """Return `moderator` for `moderator`, `Moderator` and `ROLE_MODERATOR`."""
    return name.strip().lower().removeprefix(ROLE_PREFIX)
