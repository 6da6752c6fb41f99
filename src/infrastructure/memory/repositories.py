from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorward.domain.access.decision import Access
from doorward.domain.access.role import Role, RoleName
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import NUMBERS_PER_SPAN, Change, SequencedChange, SpanCount, Subject
from doorward.domain.errors import (
    AccountMissing,
    EmailTaken,
    KeyExists,
    RoleMissing,
    TransactionConflict,
    UsernameTaken,
)
from doorward.domain.ids import UserId
from doorward.domain.keys.signing_key import SigningKey
from doorward.infrastructure.memory.tables import Tables

Announce = Callable[[Change], None]


@dataclass(frozen=True, slots=True)
class MemoryUsers:
    tables: Tables
    announce: Announce

    @property
    def present(self) -> Sequence[User]:
        """The accounts that were not deleted."""
        return [user for user in self.tables.users.values() if user.deleted_at is None]

    async def get(self, user_id: UserId) -> User | None:
        user = self.tables.users.get(user_id)
        return user if user and user.deleted_at is None else None

    async def by_login(self, key: str) -> User | None:
        users = self.present
        by_username = (user for user in users if user.username.key == key)
        by_email = (user for user in users if user.email and user.email.key == key)
        by_alias = (user for user in users if user.alias and user.alias.key == key)
        return next(by_username, None) or next(by_email, None) or next(by_alias, None)

    async def taken(
        self, username_keys: Sequence[str], email_keys: Sequence[str]
    ) -> tuple[frozenset[str], frozenset[str]]:
        users = self.tables.users.values()
        return (
            frozenset(username_keys) & {user.username.key for user in users},
            frozenset(email_keys) & {user.email.key for user in users if user.email},
        )

    async def aliases_taken(self, alias_keys: Sequence[str]) -> frozenset[str]:
        return frozenset(alias_keys) & {user.alias.key for user in self.tables.users.values() if user.alias}

    async def access_of(self, user_ids: Sequence[UserId]) -> Mapping[UserId, Access]:
        users = [await self.get(user_id) for user_id in user_ids]
        return {user.id: user.access for user in users if user is not None}

    async def add(self, user: User) -> None:
        self._check_unique(user)
        if user.id in self.tables.users:
            raise TransactionConflict(cause="id_exists")
        for role in user.roles:
            if role not in self.tables.roles:
                raise RoleMissing
        self.tables.users[user.id] = user

    async def add_all(self, users: Sequence[User]) -> None:
        for user in users:
            await self.add(user)

    async def save(self, user: User) -> None:
        present = self.tables.users.get(user.id)
        if present is None or present.version != user.version:
            raise TransactionConflict(cause="account_changed")
        self._check_unique(user)
        self.announce(Change.of_account(user.id))
        self.tables.users[user.id] = replace(user, roles=present.roles, version=user.version + 1)

    def _check_unique(self, user: User) -> None:
        others = [other for other in self.tables.users.values() if other.id != user.id]
        if any(other.username.key == user.username.key for other in others):
            raise UsernameTaken
        if user.alias and any(other.alias and other.alias.key == user.alias.key for other in others):
            raise UsernameTaken
        if user.email and any(other.email and other.email.key == user.email.key for other in others):
            raise EmailTaken

    async def delete(self, user_id: UserId) -> bool:
        user = self.tables.users.get(user_id)
        if user is None:
            return False
        self.announce(Change.of_account(user_id))
        self.announce(Change.sessions_ended(user_id, user.epoch + 1))
        self.tables.remove_account(user_id)
        return True

    async def lock(self, user_id: UserId) -> User | None:
        """Return the account; the storage runs one transaction at a time, so it needs no lock."""
        return await self.get(user_id)

    async def grant(self, user_id: UserId, role: RoleName, now: datetime) -> bool:  # noqa: ARG002 this adapter does not store it
        user = self.tables.users.get(user_id)
        if user is None:
            raise AccountMissing
        if role not in self.tables.roles:
            raise RoleMissing
        if role in user.roles:
            return False
        self.announce(Change.of_account(user_id))
        self.tables.users[user_id] = user.granted(role)
        return True

    async def revoke(self, user_id: UserId, role: RoleName) -> bool:
        user = self.tables.users.get(user_id)
        if user is None or role not in user.roles:
            return False
        self.announce(Change.of_account(user_id))
        self.tables.users[user_id] = user.revoked(role)
        return True

    async def count_enabled(self, role: RoleName, now: datetime) -> int:
        return sum(role in user.roles and user.is_enabled_at(now) for user in self.present)


@dataclass(frozen=True, slots=True)
class MemoryRoles:
    tables: Tables
    announce: Announce

    async def all(self) -> Sequence[Role]:
        return sorted(self.tables.roles.values(), key=lambda role: role.name)

    async def get(self, name: RoleName) -> Role | None:
        return self.tables.roles.get(name)

    async def put(self, role: Role) -> bool:
        present = self.tables.roles.get(role.name)
        self.tables.roles[role.name] = role if present is None else replace(present, description=role.description)
        return present is None

    async def remove(self, name: RoleName) -> bool:
        if name not in self.tables.roles:
            return False
        self.announce(Change(Subject.ROLES))
        del self.tables.roles[name]
        for user in list(self.tables.users.values()):
            self.tables.users[user.id] = user.revoked(name)
        return True


@dataclass(frozen=True, slots=True)
class MemoryKeys:
    tables: Tables
    announce: Announce

    async def all(self) -> Sequence[SigningKey]:
        return sorted(self.tables.keys.values(), key=lambda key: (key.signs_from, key.kid))

    async def add(self, key: SigningKey) -> None:
        if key.kid in self.tables.keys:
            raise KeyExists
        self.announce(Change(Subject.KEYS))
        self.tables.keys[key.kid] = key

    async def save(self, key: SigningKey) -> bool:
        present = self.tables.keys.get(key.kid)
        if present is None:
            return False
        self.announce(Change(Subject.KEYS))
        self.tables.keys[key.kid] = replace(present, sealed=key.sealed, signs_from=key.signs_from)
        return True

    async def remove(self, kid: str) -> bool:
        if self.tables.keys.pop(kid, None) is None:
            return False
        self.announce(Change(Subject.KEYS))
        return True


@dataclass(frozen=True, slots=True)
class MemoryChanges:
    tables: Tables

    async def counts(self, since: datetime) -> Sequence[SpanCount]:
        spans: dict[int, list[datetime]] = {}
        for row in self.tables.changes:
            if row.at >= since:
                spans.setdefault(row.sequence // NUMBERS_PER_SPAN, []).append(row.at)
        return [SpanCount(span, len(times), max(times)) for span, times in spans.items()]

    async def between(self, first: int, last: int, since: datetime) -> Sequence[SequencedChange]:
        return [row for row in self.tables.changes if first <= row.sequence <= last and row.at >= since]

    async def latest(self, count: int) -> Sequence[SequencedChange]:
        return sorted(self.tables.changes, key=time_and_number)[-count:]

    async def ended_since(self, moment: datetime, after: int, limit: int) -> Sequence[SequencedChange]:
        ended = [row for row in self.tables.changes if row.change.subject is Subject.SESSIONS]
        return sorted((row for row in ended if time_and_number(row) > (moment, after)), key=time_and_number)[:limit]

    async def prune(self, before: datetime, limit: int) -> int:
        in_order = sorted(self.tables.changes, key=time_and_number)
        old = [row for row in in_order[:-1] if row.at < before][:limit]
        gone = {row.sequence for row in old}
        self.tables.changes = [row for row in self.tables.changes if row.sequence not in gone]
        return len(old)


def time_and_number(row: SequencedChange) -> tuple[datetime, int]:
    return row.at, row.sequence
