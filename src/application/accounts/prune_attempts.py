from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.accounts.attempts import WINDOW, AttemptPolicy

BATCH_SIZE = 500
"""The number of rows that one short transaction deletes."""

MAX_BATCHES = 200
FEW_ATTEMPTS_KEPT = timedelta(hours=1)
"""Free attempts are forgotten sooner than others. Anybody can add a row with one attempt, and so few attempts an hour
stay far below the limit of a day."""


@final
@dataclass(frozen=True, slots=True)
class PruneAttempts:
    """Deletes counts of attempts that do not matter any more."""

    storage: Storage
    policy: AttemptPolicy

    async def __call__(self, now: datetime) -> int:
        """Return how many counts were deleted."""
        pruned = 0
        for _ in range(MAX_BATCHES):
            batch = await self._prune(now)
            pruned += batch
            if batch < BATCH_SIZE:
                break
        return pruned

    @retried
    async def _prune(self, now: datetime) -> int:
        few = min(self.policy.free, self.policy.per_day) - 1
        async with self.storage.transaction() as tx:
            return await tx.attempts.prune(now - FEW_ATTEMPTS_KEPT, now - WINDOW, few, BATCH_SIZE)
