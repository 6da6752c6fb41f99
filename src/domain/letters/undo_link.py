from dataclasses import dataclass, field
from datetime import datetime, timedelta

from doorward.domain.accounts.email import Email
from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId
from doorward.domain.letters.link_token import LinkTokenHash

UNDO_LIFE = timedelta(days=7)
"""From a change of the address, or from the moment at which a letter about a password or a device is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoLink:
    """What lets the reader of a verified address take an account back, after its password or its address was changed.

    While it lasts, nobody else can take the address, so that it can be restored. An account has one for each address
    that it had. It outlasts later changes of the password and the address: whoever stole the account could make them.
    The link of an earlier address expires earlier, since nothing renews it once the account has another address.
    """

    hash: LinkTokenHash = field(repr=False)
    user_id: UserId
    address: Email
    """The address that the account gets back."""
    expires_at: datetime

    def is_valid_for(self, user: User, now: datetime) -> bool:
        """Return whether the link is one of this account, which is enabled, and has not expired."""
        return self.user_id == user.id and user.is_enabled_at(now) and now < self.expires_at
