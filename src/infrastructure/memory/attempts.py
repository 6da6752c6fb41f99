from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorward.domain.accounts.attempts import AttemptCount, AttemptKey, LoginHash
from doorward.domain.accounts.user import User
from doorward.domain.errors import TransactionConflict
from doorward.infrastructure.memory.repositories import MemoryUsers
from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryAttempts:
    tables: Tables
    users: MemoryUsers

    async def get(self, key: AttemptKey) -> AttemptCount | None:
        return self.tables.attempts.get(key)

    async def with_user(self, key: AttemptKey, login: str) -> tuple[AttemptCount | None, User | None]:
        return await self.get(key), await self.users.by_login(login)

    async def of_logins(self, logins: Sequence[LoginHash]) -> Sequence[tuple[AttemptKey, AttemptCount]]:
        return [(key, count) for key, count in self.tables.attempts.items() if key.login in logins]

    async def lock(self, key: AttemptKey) -> AttemptCount | None:
        return await self.get(key)

    async def add(self, key: AttemptKey, count: AttemptCount) -> None:
        if key in self.tables.attempts:
            raise TransactionConflict(cause="attempt_added")
        self.tables.attempts[key] = count

    async def save(self, key: AttemptKey, count: AttemptCount) -> None:
        self.tables.attempts[key] = count

    async def clear(self, key: AttemptKey) -> None:
        self.tables.attempts.pop(key, None)

    async def clear_all(self, logins: Sequence[LoginHash]) -> int:
        return self._remove([key for key in self.tables.attempts if key.login in logins])

    async def prune(self, idle_since: datetime, started_before: datetime, few: int, limit: int) -> int:
        return self._remove(
            [
                key
                for key, count in self.tables.attempts.items()
                if count.allowed_at < idle_since and (count.attempts <= few or count.first_at < started_before)
            ][:limit]
        )

    def _remove(self, keys: Sequence[AttemptKey]) -> int:
        for key in keys:
            del self.tables.attempts[key]
        return len(keys)
