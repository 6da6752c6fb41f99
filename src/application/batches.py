from collections.abc import Awaitable, Callable

from doorward.application.ports.storage import Storage, Transaction
from doorward.application.transactions import retried

BATCH_SIZE = 500
"""The number of rows that one short transaction deletes."""

MAX_BATCHES = 200
"""The number of batches of one call. The next call deletes what is left."""


async def prune_in_batches(storage: Storage, prune: Callable[[Transaction, int], Awaitable[int]]) -> int:
    """Call `prune` in one transaction after another until nothing is left, and return how many rows it deleted.

    It deletes at most as many rows as it is told, and returns their number.
    """

    @retried
    async def batch() -> int:
        async with storage.transaction() as tx:
            return await prune(tx, BATCH_SIZE)

    pruned = 0
    for _ in range(MAX_BATCHES):
        deleted = await batch()
        pruned += deleted
        if deleted < BATCH_SIZE:
            break
    return pruned
