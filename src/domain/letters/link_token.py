from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, NewType, Self

from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId
from doorward.domain.personal_data import Held, HeldBack

LinkTokenHash = NewType("LinkTokenHash", bytes)
"""The SHA-256 hash of the token in a link. The token has 256 random bits and is never stored."""

RESET_LIFE = timedelta(minutes=30)
VERIFICATION_LIFE = timedelta(days=1)
"""From the moment at which the letter is sent."""


class LinkPurpose(StrEnum):
    PASSWORD_RESET = "password_reset"  # noqa: S105 a purpose
    EMAIL_VERIFICATION = "email_verification"
    EMAIL_CHANGE = "email_change"

    @property
    def life(self) -> timedelta:
        """How long the token of a link is valid, from the moment at which its letter is sent."""
        return RESET_LIFE if self is LinkPurpose.PASSWORD_RESET else VERIFICATION_LIFE


LINK_KEPT = "Until the link is used, replaced by a newer one, or has expired."


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkToken:
    """The token in the link of a letter. It is used once, for one purpose, by whoever reads the mail of one account."""

    hash: Annotated[LinkTokenHash, HeldBack("It proves the token of the link.")] = field(repr=False)
    purpose: Annotated[LinkPurpose, Held("It says what the link is for.", LINK_KEPT)]
    user_id: Annotated[UserId, Held("It says for whose account the link is.", LINK_KEPT)]
    address_key: Annotated[str, Held("The link is valid while the account has this address.", LINK_KEPT)]
    """The key of the email address of the account when the letter was sent; empty if it had none."""
    expires_at: Annotated[datetime, Held("The link is valid until then.", LINK_KEPT)]
    new_address: Annotated[str | None, Held("The account gets this address when the link is used.", LINK_KEPT)] = None
    """The email address to which the letter went, if the account is to have it."""

    @classmethod
    def issued(
        cls,
        token_hash: LinkTokenHash,
        purpose: LinkPurpose,
        user: User,
        now: datetime,
        *,
        new_address: str | None = None,
    ) -> Self:
        """Return the token of a letter to the holder of the account that is sent now."""
        return cls(
            hash=token_hash,
            purpose=purpose,
            user_id=user.id,
            address_key=user.email_key,
            expires_at=now + purpose.life,
            new_address=new_address,
        )

    def is_valid_for(self, purpose: LinkPurpose, user: User, now: datetime) -> bool:
        """Return whether the token has this purpose and has not expired, and the account is enabled and still has the
        address that it had then."""
        fits = (self.purpose.value, self.user_id, self.address_key) == (purpose.value, user.id, user.email_key)
        return fits and user.is_enabled_at(now) and now < self.expires_at
