"""The ports of invitations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from doorward.domain.accounts.invitation import Invitation
from doorward.domain.ids import InvitationId
from doorward.domain.letters.link_token import LinkTokenHash


class InvitationReader(Protocol):
    """Reads invitations.

    They are stored until they are accepted, removed or pruned, also after they have expired.
    """

    async def find(self, token_hash: LinkTokenHash) -> Invitation | None:
        """Return the invitation whose link has the token with this hash."""
        ...

    async def by_address(self, email_key: str) -> Invitation | None:
        """Return the invitation for this address, or None."""
        ...

    async def page(self, after: InvitationId | None, limit: int) -> Sequence[Invitation]:
        """Return at most `limit` invitations with ids greater than `after`, in the order of their ids, which is that of
        their creation."""
        ...


class InvitationRepository(InvitationReader, Protocol):
    async def put(self, invitation: Invitation) -> None:
        """Store the invitation in place of an older one for the same address."""
        ...

    async def set_token(self, invitation_id: InvitationId, token_hash: LinkTokenHash) -> bool:
        """Replace the token of the link, and return whether there is such an invitation."""
        ...

    async def spend(self, token_hash: LinkTokenHash) -> bool:
        """Delete the invitation and return whether it was stored. Of several transactions that spend the same token,
        one succeeds."""
        ...

    async def remove(self, invitation_id: InvitationId) -> bool:
        """Return whether there was such an invitation."""
        ...

    async def prune(self, expired_before: datetime, limit: int) -> int:
        """Delete at most `limit` invitations that expired before that time, and return how many."""
        ...
