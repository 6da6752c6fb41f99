from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from doorward.domain.access.decision import any_of, decide
from doorward.domain.access.role import ADMIN, RoleName
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.user import User
from doorward.domain.ids import InvitationId, UserId
from doorward.domain.letters.language import Language
from doorward.domain.letters.link_token import LinkTokenHash

INVITATION_LIFE: Final = timedelta(days=7)
"""From the moment at which somebody invites."""

MAY_INVITE: Final = any_of(ADMIN)
"""Whoever invites grants roles, so this is the requirement of granting them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """The offer of an account to whoever reads the mail of an address. An address has one at most, the newest."""

    id: InvitationId
    email: Email
    roles: frozenset[RoleName]
    """Granted at acceptance, as far as they exist by then."""
    locale: Language | None = None
    invited_by: UserId | None
    """None stands for the operator."""
    token_hash: LinkTokenHash | None = field(default=None, repr=False)
    """That of the token in the link. None until the letter is sent; each attempt to send it makes another token."""
    created_at: datetime
    expires_at: datetime

    @property
    def slot(self) -> bytes:
        """Return the slot of the letter of this invitation, by which it is known from letters of older ones."""
        return sha256(b"invitation\0" + self.id.bytes).digest()

    def is_valid(self, inviter: User | None, now: datetime) -> bool:
        """Return whether the invitation can be accepted. `inviter` is the account of `invited_by` as it is now: it must
        still be allowed to invite."""
        may_invite = self.invited_by is None or decide(inviter.access if inviter else None, MAY_INVITE, now).allowed
        return may_invite and now < self.expires_at
