from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId

LinkTokenHash = NewType("LinkTokenHash", bytes)
"""The SHA-256 hash of the token in a link. The token has 256 random bits and is never stored."""

RESET_LIFE = timedelta(minutes=30)
"""From the moment at which the letter is sent."""


class LinkPurpose(StrEnum):
    PASSWORD_RESET = "password_reset"  # noqa: S105 a purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkToken:
    """The token in the link of a letter. It is used once, for one purpose, by whoever reads the mail of one account."""

    hash: LinkTokenHash = field(repr=False)
    purpose: LinkPurpose
    user_id: UserId
    address_key: str
    """The key of the email address to which the letter went."""
    expires_at: datetime

    def is_valid_for(self, purpose: LinkPurpose, user: User, now: datetime) -> bool:
        """Return whether the token has this purpose and has not expired, and the account is enabled and still has the
        address of the letter."""
        fits = (self.purpose.value, self.user_id, self.address_key) == (purpose.value, user.id, user.email.key)
        return fits and user.is_enabled_at(now) and now < self.expires_at
