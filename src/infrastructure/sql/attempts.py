from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, final

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update

from doorward.domain.accounts.attempts import AttemptCount, AttemptKey, DeviceId, LoginHash
from doorward.domain.accounts.user import User
from doorward.infrastructure.sql import users as accounts
from doorward.infrastructure.sql.connection import SqlConnection, SqlRow, batches, execution, padded
from doorward.infrastructure.sql.tables import sign_in_attempts as attempts
from doorward.infrastructure.sql.tables import user_roles, users
from doorward.infrastructure.sql.user_rows import to_users

OF_KEY = and_(attempts.c.login == bindparam("of_login"), attempts.c.device == bindparam("of_device"))
COUNT = (attempts.c.attempts, attempts.c.first_at, attempts.c.allowed_at)
SELECT = select(*COUNT).where(OF_KEY)
ASKED = select(accounts.ID_OF_LOGIN.label("user_id")).subquery("asked")
"""One row, to which the count and the account are joined if they exist."""

WITH_USER = select(*COUNT, users, user_roles.c.role).select_from(
    ASKED.outerjoin(attempts, OF_KEY)
    .outerjoin(users, users.c.id == ASKED.c.user_id)
    .outerjoin(user_roles, user_roles.c.user_id == users.c.id)
)
LOCKED = SELECT.with_for_update()
OF_LOGINS = select(attempts).where(attempts.c.login.in_(bindparam("logins", expanding=True)))
ADD = insert(attempts)
REPLACE = (
    update(attempts)
    .where(OF_KEY)
    .values(
        attempts=bindparam("new_attempts"), first_at=bindparam("new_first_at"), allowed_at=bindparam("new_allowed_at")
    )
)
DELETE = delete(attempts).where(OF_KEY)
DELETE_ALL = delete(attempts).where(attempts.c.login == bindparam("of_login"))
PRUNABLE = and_(
    attempts.c.allowed_at < bindparam("idle_since"),
    or_(attempts.c.attempts <= bindparam("few"), attempts.c.first_at < bindparam("started_before")),
)
SELECT_PRUNABLE = select(attempts.c.login).where(PRUNABLE).limit(bindparam("most"))
PRUNE = delete(attempts).where(attempts.c.login.in_(bindparam("logins", expanding=True)), PRUNABLE)


@final
@dataclass(frozen=True, slots=True)
class SqlAttempts:
    connection: SqlConnection

    async def get(self, key: AttemptKey) -> AttemptCount | None:
        return to_count(await self.connection.rows(SELECT, of(key)))

    async def with_user(self, key: AttemptKey, login: str) -> tuple[AttemptCount | None, User | None]:
        rows = await self.connection.rows(WITH_USER, {**of(key), "key": login})
        count = count_of(rows[0]) if rows[0].attempts is not None else None
        return count, next(to_users(rows), None) if rows[0].id is not None else None

    async def of_logins(self, logins: Sequence[LoginHash]) -> Sequence[tuple[AttemptKey, AttemptCount]]:
        rows = await self.connection.rows(OF_LOGINS, {"logins": padded(sorted(logins))})
        return [(AttemptKey(LoginHash(row.login), DeviceId(row.device)), count_of(row)) for row in rows]

    async def lock(self, key: AttemptKey) -> AttemptCount | None:
        return to_count(await self.connection.rows(LOCKED, of(key)))

    async def add(self, key: AttemptKey, count: AttemptCount) -> None:
        row = {"login": key.login, "device": key.device, **to_row(count)}
        self.connection.postpone(execution(ADD, row), ADD, "attempt_added")

    async def save(self, key: AttemptKey, count: AttemptCount) -> None:
        await self.connection.change(REPLACE, {**of(key), **to_row(count, "new_")})

    async def clear(self, key: AttemptKey) -> None:
        self.connection.postpone(execution(DELETE, of(key)), DELETE, "attempt_cleared")

    async def clear_all(self, logins: Sequence[LoginHash]) -> int:
        return sum([await self.connection.change(DELETE_ALL, {"of_login": login}) for login in sorted(logins)])

    async def prune(self, idle_since: datetime, started_before: datetime, few: int, limit: int) -> int:
        asked = {"idle_since": idle_since, "started_before": started_before, "few": few}
        logins = [row.login for row in await self.connection.rows(SELECT_PRUNABLE, {**asked, "most": limit})]
        return sum(
            [await self.connection.change(PRUNE, {**asked, "logins": padded(batch)}) for batch in batches(logins)]
        )


def to_row(count: AttemptCount, prefix: str = "") -> dict[str, Any]:
    return {
        f"{prefix}attempts": count.attempts,
        f"{prefix}first_at": count.first_at,
        f"{prefix}allowed_at": count.allowed_at,
    }


def count_of(row: SqlRow) -> AttemptCount:
    return AttemptCount(attempts=row.attempts, first_at=row.first_at, allowed_at=row.allowed_at)


def to_count(rows: Sequence[SqlRow]) -> AttemptCount | None:
    return count_of(rows[0]) if rows else None


def of(key: AttemptKey) -> dict[str, Any]:
    return {"of_login": key.login, "of_device": key.device}
