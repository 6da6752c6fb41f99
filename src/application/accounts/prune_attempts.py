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
"""How long a count of few attempts is kept. Anybody can add such a row."""

LARGEST_FORGOTTEN_SHARE = 0.5
"""Of the attempts of a day, those that may be forgotten before the day has passed."""


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
        async with self.storage.transaction() as tx:
            return await tx.attempts.prune(now - FEW_ATTEMPTS_KEPT, now - WINDOW, few_attempts(self.policy), BATCH_SIZE)


def few_attempts(policy: AttemptPolicy) -> int:
    """Return how many attempts may be forgotten after an hour. They are free ones, and so few that guesses in each hour
    of a day stay below the limit of the day. Return 0 if the limit is too low for that."""
    hourly = int(policy.per_day * LARGEST_FORGOTTEN_SHARE / (WINDOW / FEW_ATTEMPTS_KEPT))
    return min(policy.free - 1, hourly)
