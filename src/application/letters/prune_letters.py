from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from doorward.application.batches import prune_in_batches
from doorward.application.ports.storage import Storage

KEPT = timedelta(days=7)
"""How long a letter that was sent or given up can be listed."""


@final
@dataclass(frozen=True, slots=True)
class PruneLetters:
    """Deletes letters that were sent or given up a week ago, and expired links, codes and invitations."""

    storage: Storage

    async def __call__(self, now: datetime) -> int:
        """Return how many letters were deleted."""
        pruned = await prune_in_batches(self.storage, lambda tx, limit: tx.letters.prune(now - KEPT, limit))
        await prune_in_batches(self.storage, lambda tx, limit: tx.link_tokens.prune(now, limit))
        await prune_in_batches(self.storage, lambda tx, limit: tx.undo_links.prune(now, limit))
        await prune_in_batches(self.storage, lambda tx, limit: tx.sign_in_codes.prune(now, limit))
        await prune_in_batches(self.storage, lambda tx, limit: tx.invitations.prune(now, limit))
        return pruned
