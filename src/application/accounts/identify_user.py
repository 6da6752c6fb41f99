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
"""The form of RFC 9562. It is longer than any username, and an email contains an `@`, so it is never one of these."""


@final
@dataclass(frozen=True, slots=True)
class IdentifyUser:
    """Finds one account by what an administrator typed: its id, its username or its email."""

    storage: Storage

    async def __call__(self, text: str) -> User:
        """Raise AccountMissing."""
        async with self.storage.reading() as reading:
            if CANONICAL_ID.fullmatch(text):
                user = await reading.users.get(UserId(UUID(text)))
            else:
                user = await reading.users.by_login(login_key(text))
        if user is None:
            raise AccountMissing
        return user
