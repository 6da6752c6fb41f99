from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, NewType

from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId
from doorward.domain.personal_data import Held, HeldBack

LinkTokenHash = NewType("LinkTokenHash", bytes)
"""The SHA-256 hash of the token in a link. The token has 256 random bits and is never stored."""

RESET_LIFE = timedelta(minutes=30)
"""From the moment at which the letter is sent."""


class LinkPurpose(StrEnum):
    PASSWORD_RESET = "password_reset"  # noqa: S105 a purpose


LINK_KEPT = "Until the link is used, replaced by a newer one, or has expired."


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkToken:
    """The token in the link of a letter. It is used once, for one purpose, by whoever reads the mail of one account."""

    hash: Annotated[LinkTokenHash, HeldBack("It proves the token of the link.")] = field(repr=False)
    purpose: Annotated[LinkPurpose, Held("It says what the link is for.", LINK_KEPT)]
    user_id: Annotated[UserId, Held("It says for whose account the link is.", LINK_KEPT)]
    address_key: Annotated[str, Held("The link is valid while the account has this address.", LINK_KEPT)]
    """The key of the email address to which the letter went."""
    expires_at: Annotated[datetime, Held("The link is valid until then.", LINK_KEPT)]

    def is_valid_for(self, purpose: LinkPurpose, user: User, now: datetime) -> bool:
        """Return whether the token has this purpose and has not expired, and the account is enabled and still has the
        address of the letter."""
        fits = (self.purpose.value, self.user_id, self.address_key) == (
            purpose.value,
            user.id,
            user.email and user.email.key,
        )
        return fits and user.is_enabled_at(now) and now < self.expires_at
