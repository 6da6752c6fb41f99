from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, final

from sqlalchemy import Column, Select, bindparam, delete, func, insert, select, type_coerce, update
from sqlalchemy.types import NULLTYPE

from doorward.domain.access.decision import Access
from doorward.domain.access.role import RoleName
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import (
    AccountMissing,
    DomainError,
    EmailTaken,
    RoleMissing,
    TransactionConflict,
    UsernameTaken,
)
from doorward.domain.ids import UserId
from doorward.infrastructure.sql.account_deletion import delete_accounts
from doorward.infrastructure.sql.audit_heads import AuditHeads, with_head
from doorward.infrastructure.sql.changes import Feed
from doorward.infrastructure.sql.connection import MANY_ROWS, SqlConnection, SqlRow, batches, padded
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.tables import user_roles, users
from doorward.infrastructure.sql.user_rows import to_access, to_new_row, to_row, to_users

PRESENT = users.c.deleted_at.is_(None)
"""The condition that an account was not deleted."""


def id_by(key: Column[str]) -> Any:
    return select(users.c.id).where(key == bindparam("key"), PRESENT).scalar_subquery()


def with_any(key: Column[str]) -> Select[Any]:
    return select(users.c.id, key).where(key.in_(bindparam("keys", expanding=True))).execution_options(**MANY_ROWS)


def unconverted(column: Column[Any]) -> Any:
    """Return the column without conversion, as the driver returns it."""
    return type_coerce(column, NULLTYPE).label(column.name)


BY_ID = users.c.id == bindparam("user_id")
GRANTED_TO = user_roles.c.user_id == bindparam("user_id")
GRANTS = users.outerjoin(user_roles)

WITH_ROLES = select(users, user_roles.c.role).select_from(GRANTS)
GET = WITH_ROLES.where(BY_ID, PRESENT)
LOCKED = with_head(GET).with_for_update()
ID_OF_LOGIN = func.coalesce(id_by(users.c.username_key), id_by(users.c.email_key), id_by(users.c.alias_key))
BY_LOGIN = WITH_ROLES.where(users.c.id == ID_OF_LOGIN)
ACCESS = (
    select(
        unconverted(users.c.id),
        users.c.username,
        users.c.epoch,
        unconverted(users.c.disabled),
        users.c.disabled_until,
        unconverted(user_roles.c.role),
    )
    .select_from(GRANTS)
    .where(users.c.id.in_(bindparam("user_ids", expanding=True)), PRESENT)
    .order_by(users.c.id)
    .execution_options(**MANY_ROWS)
)
COUNT_ENABLED = (
    select(func.count().label("number"))
    .select_from(users.join(user_roles))
    .where(
        user_roles.c.role == bindparam("role"),
        PRESENT,
        (users.c.disabled == bindparam("disabled")) | (users.c.disabled_until <= bindparam("now")),
    )
)

ADD = insert(users)
SAVE = update(users).where(BY_ID, users.c.version == bindparam("read_version"))
LOCK = select(users.c.epoch).where(BY_ID).with_for_update()

GRANT = insert(user_roles)
REVOKE = delete(user_roles).where(GRANTED_TO, user_roles.c.role == bindparam("role"))

HOLDERS = select(users.c.id, users.c.username_key, users.c.alias_key).where(
    (users.c.username_key == bindparam("username_key"))
    | (users.c.email_key == bindparam("email_key"))
    | (users.c.alias_key == bindparam("alias_key"))
)
EXISTS = select(users.c.id).where(BY_ID)
GRANTED = select(user_roles.c.role).where(GRANTED_TO, user_roles.c.role == bindparam("role"))

WITH_USERNAME_KEYS = with_any(users.c.username_key)
WITH_EMAIL_KEYS = with_any(users.c.email_key)
WITH_ALIAS_KEYS = with_any(users.c.alias_key)


@final
@dataclass(frozen=True, slots=True)
class SqlUsers:
    connection: SqlConnection
    feed: Feed
    heads: AuditHeads
    held: set[UserId]

    async def get(self, user_id: UserId) -> User | None:
        return next(to_users(await self.connection.rows(GET, {"user_id": user_id})), None)

    async def by_login(self, key: str) -> User | None:
        return next(to_users(await self.connection.rows(BY_LOGIN, {"key": key})), None)

    async def taken(
        self, username_keys: Sequence[str], email_keys: Sequence[str]
    ) -> tuple[frozenset[str], frozenset[str]]:
        by_name = await self._holders(WITH_USERNAME_KEYS, username_keys)
        reachable = await self._holders(WITH_EMAIL_KEYS, email_keys)
        return frozenset(row.username_key for row in by_name), frozenset(row.email_key for row in reachable)

    async def aliases_taken(self, alias_keys: Sequence[str]) -> frozenset[str]:
        return frozenset(row.alias_key for row in await self._holders(WITH_ALIAS_KEYS, alias_keys))

    async def access_of(self, user_ids: Sequence[UserId]) -> Mapping[UserId, Access]:
        found: dict[UserId, Access] = {}
        for batch in batches(user_ids):
            rows = await self.connection.rows(ACCESS, {"user_ids": padded(batch)})
            found |= {access.user_id: access for access in to_access(rows, batch)}
        return found

    async def add(self, user: User) -> None:
        try:
            await self.connection.change(ADD, to_new_row(user))
        except ConstraintViolated as error:
            raise await self._clash(user) from error
        try:
            for role in sorted(user.roles):
                await self._grant(user.id, role, user.created_at)
        except RoleMissing:  # the transaction may continue, and a refusal changes nothing
            await delete_accounts(self.connection, [user.id])
            raise
        self.heads.begin(user.id)

    async def add_all(self, users: Sequence[User]) -> None:
        for batch in batches(users):
            await self._add_batch(batch)

    async def save(self, user: User) -> None:
        row = to_row(user) | {"user_id": user.id, "read_version": user.version, "version": user.version + 1}
        try:
            saved = await self.connection.change(SAVE, row)
        except ConstraintViolated as error:
            raise await self._clash(user) from error
        if not saved:
            raise TransactionConflict(cause="account_changed")
        await self.feed.announce(Change.of_account(user.id))

    async def delete(self, user_id: UserId) -> bool:
        # While the account is locked, no other transaction adds a role or a session.
        locked = await self.connection.rows(LOCK, {"user_id": user_id})
        if not locked:
            return False
        await delete_accounts(self.connection, [user_id])
        self.held.discard(user_id)
        await self.feed.announce(Change.of_account(user_id), Change.sessions_ended(user_id, locked[0].epoch + 1))
        return True

    async def lock(self, user_id: UserId) -> User | None:
        rows = await self.connection.rows(LOCKED, {"user_id": user_id})
        self.heads.remember(user_id, rows)
        user = next(to_users(rows), None)
        if user is not None:
            self.held.add(user_id)
        return user

    async def grant(self, user_id: UserId, role: RoleName, now: datetime) -> bool:
        if not await self._grant(user_id, role, now):
            return False
        await self.feed.announce(Change.of_account(user_id))
        return True

    async def revoke(self, user_id: UserId, role: RoleName) -> bool:
        if not await self.connection.change(REVOKE, {"user_id": user_id, "role": role}):
            return False
        await self.feed.announce(Change.of_account(user_id))
        return True

    async def count_enabled(self, role: RoleName, now: datetime) -> int:
        rows = await self.connection.rows(COUNT_ENABLED, {"role": role, "disabled": False, "now": now})
        return int(rows[0].number)

    async def _grant(self, user_id: UserId, role: RoleName, now: datetime) -> bool:
        """Return False when the account had the role. After a violated constraint, find out which one it was."""
        try:
            await self.connection.change(GRANT, {"user_id": user_id, "role": role, "granted_at": now})
        except ConstraintViolated as error:
            if await self.connection.rows(GRANTED, {"user_id": user_id, "role": role}):
                return False
            if not await self.connection.rows(EXISTS, {"user_id": user_id}):
                raise AccountMissing from error
            raise RoleMissing from error
        return True

    async def _add_batch(self, users: Sequence[User]) -> None:
        try:
            await self.connection.change_all(ADD, [to_new_row(user) for user in users])
        except ConstraintViolated as error:
            raise await self._clash_among(users) from error
        grants = [
            {"user_id": user.id, "role": role, "granted_at": user.created_at} for user in users for role in user.roles
        ]
        if not grants:
            return
        try:
            await self.connection.change_all(GRANT, grants)
        except ConstraintViolated as error:
            raise RoleMissing from error

    async def _holders(self, statement: Select[Any], keys: Sequence[str]) -> list[SqlRow]:
        """Read the accounts with any of these keys, in batches."""
        found: list[SqlRow] = []
        for batch in batches(keys):
            found += await self.connection.rows(statement, {"keys": padded(batch)})
        return found

    async def _clash_among(self, users: Sequence[User]) -> DomainError:
        """Return the refusal of a batch, of which some accounts may be stored by now or collide with each other."""
        ours, by_name = {user.id for user in users}, [user.username.key for user in users]
        reachable = [user.email.key for user in users if user.email]
        holders = [row.id for row in await self._holders(WITH_USERNAME_KEYS, by_name)]
        if len({*by_name}) < len(by_name) or not ours.issuperset(holders):
            return UsernameTaken()
        aliases = [user.alias.key for user in users if user.alias]
        holders = [row.id for row in await self._holders(WITH_ALIAS_KEYS, aliases)]
        if len({*aliases}) < len(aliases) or not ours.issuperset(holders):
            return UsernameTaken()
        holders = [row.id for row in await self._holders(WITH_EMAIL_KEYS, reachable)]
        taken = len({*reachable}) < len(reachable) or not ours.issuperset(holders)
        return EmailTaken() if taken else TransactionConflict(cause="account_deleted")

    async def _clash(self, user: User) -> DomainError:
        """Return which unique key refused the account, or TransactionConflict if its holder was deleted meanwhile."""
        row = to_row(user)
        keys = {name: row[name] for name in ("username_key", "email_key", "alias_key")}
        held = [row for row in await self.connection.rows(HOLDERS, keys) if row.id != user.id]
        if any(row.username_key == user.username.key for row in held):
            return UsernameTaken()
        if user.alias and any(row.alias_key == user.alias.key for row in held):
            return UsernameTaken()
        return EmailTaken() if held else TransactionConflict(cause="account_deleted")
