from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.batches import prune_in_batches
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.domain.accounts.deletion import DeletionPolicy


@final
@dataclass(frozen=True, slots=True)
class PruneDeletedUsers:
    """Deletes accounts for good that were deleted so long ago that they cannot be restored any more."""

    storage: Storage
    policy: DeletionPolicy
    log: SecurityLog

    async def __call__(self, now: datetime) -> int:
        """Return how many accounts were deleted."""
        before = self.policy.kept_since(now)
        pruned = await prune_in_batches(self.storage, lambda tx, limit: tx.deleted_users.prune(before, limit))
        if pruned:
            self.log.record(SecurityEvent.USERS_PRUNED, count=pruned)
        return pruned
