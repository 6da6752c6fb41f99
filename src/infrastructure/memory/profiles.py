from collections.abc import Callable
from dataclasses import dataclass

from doorward.domain.accounts.profile import Profile
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryProfiles:
    tables: Tables
    announce: Callable[[Change], None]

    async def of_user(self, user_id: UserId) -> Profile | None:
        return self.tables.profiles.get(user_id)

    async def put(self, user_id: UserId, profile: Profile) -> None:
        if user_id not in self.tables.users:
            raise AccountMissing
        self.tables.profiles[user_id] = profile
        self.announce(Change.of_account(user_id))

    async def clear(self, user_id: UserId) -> None:
        if self.tables.profiles.pop(user_id, None) is not None:
            self.announce(Change.of_account(user_id))
