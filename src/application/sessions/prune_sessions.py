from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.sessions.session import SessionPolicy

BATCH_SIZE = 500
"""The number of rows that one short transaction deletes."""

MAX_BATCHES = 200
"""The number of batches of one call. The next call deletes what is left."""


@final
@dataclass(frozen=True, slots=True)
class PruneSessions:
    """Deletes sessions that have expired. Their tokens are then unknown, and are refused as before."""

    storage: Storage
    policy: SessionPolicy

    async def __call__(self, now: datetime) -> int:
        """Return how many sessions were deleted."""
        pruned = 0
        for _ in range(MAX_BATCHES):
            batch = await self._prune(now)
            pruned += batch
            if batch < BATCH_SIZE:
                break
        return pruned

    @retried
    async def _prune(self, now: datetime) -> int:
        async with self.storage.transaction() as tx:
            return await tx.sessions.prune(now - min(self.policy.idle, self.policy.absolute), BATCH_SIZE)
