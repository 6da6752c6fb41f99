from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.ports.storage import Lists
from doorward.domain.accounts.invitation import Invitation
from doorward.domain.ids import InvitationId

MAX_PAGE_SIZE = 200


@dataclass(frozen=True, slots=True)
class InvitationPage:
    invitations: Sequence[Invitation]
    after: InvitationId | None
    """Where the next page begins; None on the last page."""


@final
@dataclass(frozen=True, slots=True)
class ListInvitations:
    """Lists invitations in the order of their creation, page by page."""

    storage: Lists

    async def __call__(self, after: InvitationId | None = None, limit: int = 50) -> InvitationPage:
        """Return one page. `limit` is limited to 1 to MAX_PAGE_SIZE."""
        limit = max(1, min(limit, MAX_PAGE_SIZE))
        async with self.storage.reading() as reading:
            found = await reading.invitations.page(after, limit + 1)
        if len(found) <= limit:
            return InvitationPage(found, None)
        return InvitationPage(found[:limit], found[limit - 1].id)
