from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId
from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryDeletedUsers:
    tables: Tables

    async def get(self, user_id: UserId) -> User | None:
        user = self.tables.users.get(user_id)
        return user if user and user.deleted_at else None

    async def by_username(self, key: str) -> User | None:
        deleted = (user for user in self.tables.users.values() if user.deleted_at)
        return next((user for user in deleted if user.username.key == key), None)

    async def lock(self, user_id: UserId) -> User | None:
        """Return the account; the storage runs one transaction at a time, so it needs no lock."""
        return await self.get(user_id)

    async def among(self, user_ids: Sequence[UserId]) -> frozenset[UserId]:
        return frozenset([user_id for user_id in user_ids if await self.get(user_id)])

    async def strip(self, user_id: UserId) -> None:
        self.tables.strip_account(user_id)

    async def prune(self, deleted_before: datetime, limit: int) -> int:
        users = self.tables.users.values()
        old = [user.id for user in users if user.deleted_at and user.deleted_at < deleted_before][:limit]
        for user_id in old:
            self.tables.remove_account(user_id)
        return len(old)
