from dataclasses import dataclass
from typing import final

from doorward.application.ports.storage import Storage
from doorward.domain.accounts.user import User
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class FindUser:
    """Finds one account by its id, also one that was deleted and can be restored."""

    storage: Storage

    async def __call__(self, user_id: UserId) -> User:
        """Raise AccountMissing."""
        async with self.storage.reading() as reading:
            user = await reading.users.get(user_id) or await reading.deleted_users.get(user_id)
        if user is None:
            raise AccountMissing
        return user
