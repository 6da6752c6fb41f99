from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.batches import prune_in_batches
from doorward.application.ports.storage import Storage
from doorward.domain.audit.retention import AuditRetention


@final
@dataclass(frozen=True, slots=True)
class PruneAudit:
    """Deletes audit entries that have been kept long enough. What remains can still be verified."""

    storage: Storage
    retention: AuditRetention

    async def __call__(self, now: datetime) -> int:
        """Return how many entries were deleted."""
        period = self.retention.period
        if period is None:
            return 0
        return await prune_in_batches(self.storage, lambda tx, limit: tx.audit.prune(now - period, limit))
