from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from sqlalchemy import bindparam, delete, insert, select, update

from doorward.domain.access.role import Role, RoleName
from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.errors import TransactionConflict
from doorward.infrastructure.sql.changes import Feed
from doorward.infrastructure.sql.connection import SqlConnection, SqlRow
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.tables import roles, user_roles

NAMED = roles.c.name == bindparam("role")
ALL = select(roles).order_by(roles.c.name)
GET = select(roles).where(NAMED)
LOCK = select(roles.c.name).where(NAMED).with_for_update()
ADD = insert(roles)
DESCRIBE = update(roles).where(NAMED).values(description=bindparam("text"))
REVOKE_ALL = delete(user_roles).where(user_roles.c.role == bindparam("role"))
REMOVE = delete(roles).where(NAMED)


@final
@dataclass(frozen=True, slots=True)
class SqlRoles:
    connection: SqlConnection
    feed: Feed

    async def all(self) -> Sequence[Role]:
        return [to_role(row) for row in await self.connection.rows(ALL)]

    async def get(self, name: RoleName) -> Role | None:
        for row in await self.connection.rows(GET, {"role": name}):
            return to_role(row)
        return None

    async def put(self, role: Role) -> bool:
        if await self.connection.change(DESCRIBE, {"role": role.name, "text": role.description}):
            return False
        try:
            await self.connection.change(ADD, to_row(role))
        except ConstraintViolated as error:
            raise TransactionConflict(cause="role_added") from error  # another transaction added it meanwhile
        return True

    async def remove(self, name: RoleName) -> bool:
        await self.connection.rows(LOCK, {"role": name})  # so that no other transaction grants it meanwhile
        await self.connection.change(REVOKE_ALL, {"role": name})
        if not await self.connection.change(REMOVE, {"role": name}):
            return False
        await self.feed.announce(Change(Subject.ROLES))
        return True


def to_row(role: Role) -> dict[str, Any]:
    return {"name": role.name, "description": role.description, "created_at": role.created_at}


def to_role(row: SqlRow) -> Role:
    return Role(name=row.name, description=row.description, created_at=row.created_at)
