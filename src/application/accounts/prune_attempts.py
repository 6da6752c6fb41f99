from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from doorward.application.batches import prune_in_batches
from doorward.application.ports.storage import Storage
from doorward.domain.accounts.attempts import WINDOW, AttemptPolicy

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
        few = few_attempts(self.policy)
        return await prune_in_batches(
            self.storage,
            lambda tx, limit: tx.attempts.prune(now - FEW_ATTEMPTS_KEPT, now - WINDOW, few, limit),
        )


def few_attempts(policy: AttemptPolicy) -> int:
    """Return how many attempts may be forgotten after an hour. They are free ones, and so few that guesses in each hour
    of a day stay below the limit of the day. Return 0 if the limit is too low for that."""
    hourly = int(policy.per_day * LARGEST_FORGOTTEN_SHARE / (WINDOW / FEW_ATTEMPTS_KEPT))
    return min(policy.free - 1, hourly)
