import re
from dataclasses import dataclass
from typing import final
from uuid import UUID

from doorward.application.ports.storage import Storage
from doorward.domain.accounts.email import login_key
from doorward.domain.accounts.user import User
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId

CANONICAL_ID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@final
@dataclass(frozen=True, slots=True)
class FindUser:
    """One account, by its id or by whatever its owner would sign in with."""

    storage: Storage

    async def __call__(self, user_id: UserId) -> User:
        """Raise AccountMissing."""
        async with self.storage.reading() as reading:
            user = await reading.users.get(user_id)
        if user is None:
            raise AccountMissing
        return user

    async def named(self, text: str) -> User:
        """By id, username or email. Raise AccountMissing."""
        if CANONICAL_ID.fullmatch(text):  # longer than any username, and without the @ of an email
            return await self(UserId(UUID(text)))
        async with self.storage.reading() as reading:
            user = await reading.users.by_login(login_key(text))
        if user is None:
            raise AccountMissing
        return user
