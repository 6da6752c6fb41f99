from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, final

from sqlalchemy import Select, bindparam, select

from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId
from doorward.infrastructure.sql.account_deletion import delete_accounts, strip_account
from doorward.infrastructure.sql.connection import MANY_ROWS, SqlConnection, batches, padded
from doorward.infrastructure.sql.tables import user_roles, users
from doorward.infrastructure.sql.user_rows import to_users

DELETED = users.c.deleted_at.is_not(None)
WITH_ROLES = select(users, user_roles.c.role).select_from(users.outerjoin(user_roles)).where(DELETED)
GET = WITH_ROLES.where(users.c.id == bindparam("user_id"))
LOCKED = GET.with_for_update()
BY_USERNAME = WITH_ROLES.where(users.c.username_key == bindparam("key"))
AMONG = (
    select(users.c.id)
    .where(users.c.id.in_(bindparam("user_ids", expanding=True)), DELETED)
    .execution_options(**MANY_ROWS)
)
OLD = select(users.c.id).where(users.c.deleted_at < bindparam("before")).limit(bindparam("count"))
STILL_OLD = (
    select(users.c.id)
    .where(users.c.id.in_(bindparam("user_ids", expanding=True)), users.c.deleted_at < bindparam("before"))
    .order_by(users.c.id)
    .with_for_update()
)


@final
@dataclass(frozen=True, slots=True)
class SqlDeletedUsers:
    connection: SqlConnection

    async def get(self, user_id: UserId) -> User | None:
        return await self._one(GET, {"user_id": user_id})

    async def by_username(self, key: str) -> User | None:
        return await self._one(BY_USERNAME, {"key": key})

    async def lock(self, user_id: UserId) -> User | None:
        return await self._one(LOCKED, {"user_id": user_id})

    async def among(self, user_ids: Sequence[UserId]) -> frozenset[UserId]:
        found: set[UserId] = set()
        for batch in batches(user_ids):
            found |= {UserId(row.id) for row in await self.connection.rows(AMONG, {"user_ids": padded(batch)})}
        return frozenset(found)

    async def strip(self, user_id: UserId) -> None:
        await strip_account(self.connection, user_id)

    async def prune(self, deleted_before: datetime, limit: int) -> int:
        old = await self.connection.rows(OLD, {"before": deleted_before, "count": limit})
        if not old:
            return 0
        # An account may be restored at this moment: what holds is what is read once it is locked.
        asked = {"user_ids": padded([row.id for row in old]), "before": deleted_before}
        held = [UserId(row.id) for row in await self.connection.rows(STILL_OLD, asked)]
        if held:
            await delete_accounts(self.connection, held)
        return len(held)

    async def _one(self, statement: Select[Any], asked: dict[str, Any]) -> User | None:
        return next(to_users(await self.connection.rows(statement, asked)), None)
