import re
from dataclasses import dataclass
from typing import final
from uuid import UUID

from doorward.application.ports.storage import Storage
from doorward.domain.accounts.email import Email, login_key
from doorward.domain.accounts.user import User
from doorward.domain.errors import AccountMissing, EmailUnproven
from doorward.domain.ids import UserId

CANONICAL_ID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
"""The form of RFC 9562. It is longer than any username, and an email contains an `@`, so it is never one of these."""


@final
@dataclass(frozen=True, slots=True)
class IdentifyUser:
    """Finds one account by what an administrator typed.

    That is its id or its username. An email is taken only where the administrator says so, because anybody can sign up
    with the address of somebody else.
    """

    storage: Storage

    async def __call__(self, text: str) -> User:
        """Return the account with this id or username. Raise AccountMissing, or EmailUnproven for an email."""
        key = login_key(text)
        if "@" in key:
            raise EmailUnproven
        async with self.storage.reading() as reading:
            if CANONICAL_ID.fullmatch(text):
                user = await reading.users.get(UserId(UUID(text)))
            else:
                user = await reading.users.by_login(key)
        return found(user)

    async def deleted(self, text: str) -> UserId:
        """Return the id of the deleted account with this id or username. Raise AccountMissing, or EmailUnproven for an
        email."""
        key = login_key(text)
        if "@" in key:
            raise EmailUnproven
        async with self.storage.reading() as reading:
            if CANONICAL_ID.fullmatch(text):
                return found(await reading.deleted_users.get(UserId(UUID(text)))).id
            return found(await reading.deleted_users.by_username(key)).id

    async def by_email(self, text: str, *, unverified: bool) -> User:
        """Return the account with this email. `unverified` accepts an address that the account has not verified.

        Raise InvalidEmail, EmailUnproven or AccountMissing.
        """
        email = Email.parse(text)
        async with self.storage.reading() as reading:
            user = found(await reading.users.by_login(email.key))
        if not user.email_verified and not unverified:
            raise EmailUnproven
        return user


def found(user: User | None) -> User:
    if user is None:
        raise AccountMissing
    return user
