from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.sessions.session import SessionPolicy

BATCH = 500
"""Rows that one short transaction deletes."""

MOST_BATCHES = 200
"""Of one call; what is left is for the next."""


@final
@dataclass(frozen=True, slots=True)
class PruneSessions:
    """Sessions that are over for long are forgotten, a few at a time. A token of theirs is unknown then, and refused as
    it was before."""

    storage: Storage
    policy: SessionPolicy

    async def __call__(self, now: datetime) -> int:
        """How many."""
        pruned = 0
        for _ in range(MOST_BATCHES):
            batch = await self._prune(now)
            pruned += batch
            if batch < BATCH:
                break
        return pruned

    @retried
    async def _prune(self, now: datetime) -> int:
        async with self.storage.transaction() as tx:
            return await tx.sessions.prune(now - min(self.policy.idle, self.policy.absolute), BATCH)
