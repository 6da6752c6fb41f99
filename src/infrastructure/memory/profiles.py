from dataclasses import dataclass

from doorward.domain.accounts.profile import Profile
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryProfiles:
    tables: Tables

    async def of_user(self, user_id: UserId) -> Profile | None:
        return self.tables.profiles.get(user_id)

    async def put(self, user_id: UserId, profile: Profile) -> None:
        if user_id not in self.tables.users:
            raise AccountMissing
        self.tables.profiles[user_id] = profile

    async def clear(self, user_id: UserId) -> None:
        self.tables.profiles.pop(user_id, None)
