from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from doorward.application.ports.storage import Storage, Transaction
from doorward.application.transactions import retried

KEPT = timedelta(days=7)
"""How long a letter that was sent or given up can be listed."""

BATCH_SIZE = 500
"""The number of rows that one short transaction deletes."""

MAX_BATCHES = 200
"""The number of batches of one call. The next call deletes what is left."""


@final
@dataclass(frozen=True, slots=True)
class PruneLetters:
    """Deletes letters that were sent or given up a week ago, and expired tokens of links."""

    storage: Storage

    async def __call__(self, now: datetime) -> int:
        """Return how many letters were deleted."""

        async def letters(tx: Transaction) -> int:
            return await tx.letters.prune(now - KEPT, BATCH_SIZE)

        async def tokens(tx: Transaction) -> int:
            return await tx.link_tokens.prune(now, BATCH_SIZE)

        pruned = await self._all(letters)
        await self._all(tokens)
        return pruned

    async def _all(self, prune: Callable[[Transaction], Awaitable[int]]) -> int:
        pruned = 0
        for _ in range(MAX_BATCHES):
            batch = await self._batch(prune)
            pruned += batch
            if batch < BATCH_SIZE:
                break
        return pruned

    @retried
    async def _batch(self, prune: Callable[[Transaction], Awaitable[int]]) -> int:
        async with self.storage.transaction() as tx:
            return await prune(tx)
