from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from doorward.domain.access.role import RoleName
from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId
from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryUserPages:
    tables: Tables

    @property
    def present(self) -> list[User]:
        return [user for user in self.tables.users.values() if user.deleted_at is None]

    async def by_username(self, beginning: str, after: str | None, limit: int) -> Sequence[User]:
        matching = [user for user in self.present if user.username.key.startswith(beginning)]
        return page(matching, lambda user: user.username.key, after, limit)

    async def by_email(self, beginning: str, after: str | None, limit: int) -> Sequence[User]:
        matching = [user for user in self.present if user.email and user.email.key.startswith(beginning)]
        return page(matching, lambda user: user.email_key, after, limit)

    async def by_creation(
        self, after: tuple[datetime, UserId] | None, limit: int, *, latest_first: bool
    ) -> Sequence[User]:
        return page(self.present, lambda user: (user.created_at, user.id), after, limit, latest_first=latest_first)

    async def with_role(self, role: RoleName, after: UserId | None, limit: int) -> Sequence[User]:
        return page([user for user in self.present if role in user.roles], lambda user: user.id, after, limit)

    async def disabled(self, now: datetime, after: UserId | None, limit: int) -> Sequence[User]:
        return page([user for user in self.present if not user.is_enabled_at(now)], lambda user: user.id, after, limit)

    async def deleted(self, after: tuple[datetime, UserId] | None, limit: int) -> Sequence[User]:
        deleted = [user for user in self.tables.users.values() if user.deleted_at]
        return page(deleted, lambda user: (user.deleted_at, user.id), after, limit, latest_first=True)


def page(
    users: Iterable[User], key: Callable[[User], Any], after: Any, limit: int, *, latest_first: bool = False
) -> Sequence[User]:
    """Return the accounts that follow `after` in the order of the key, or in the opposite one."""
    following = [user for user in users if after is None or (key(user) < after if latest_first else key(user) > after)]
    return sorted(following, key=key, reverse=latest_first)[:limit]
