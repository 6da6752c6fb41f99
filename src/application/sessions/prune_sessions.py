from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.batches import prune_in_batches
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.domain.sessions.session import SessionPolicy


@final
@dataclass(frozen=True, slots=True)
class PruneSessions:
    """Deletes sessions that have expired. Their tokens are then unknown, and are refused as before."""

    storage: Storage
    policy: SessionPolicy
    log: SecurityLog

    async def __call__(self, now: datetime) -> int:
        """Return how many sessions were deleted."""
        idle_since = now - min(self.policy.idle, self.policy.absolute)
        pruned = await prune_in_batches(self.storage, lambda tx, limit: tx.sessions.prune(idle_since, limit))
        if pruned:
            self.log.record(SecurityEvent.SESSIONS_PRUNED, count=pruned)
        return pruned
