from dataclasses import dataclass
from typing import final

from doorward.application.ports.storage import Storage
from doorward.domain.accounts.profile import Profile
from doorward.domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class FindProfile:
    """Returns the profile of an account, or None if it has none."""

    storage: Storage

    async def __call__(self, user_id: UserId) -> Profile | None:
        async with self.storage.reading() as reading:
            return await reading.profiles.of_user(user_id)
