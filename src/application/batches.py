import asyncio
from collections.abc import Awaitable, Callable

from doorward.application.ports.storage import Storage, Transaction
from doorward.application.transactions import retried

BATCH_SIZE = 500
"""The number of rows that one short transaction deletes."""

MAX_SECONDS = 40.0
"""After this time the next call deletes what is left, so that other work is not kept waiting."""


async def prune_in_batches(storage: Storage, prune: Callable[[Transaction, int], Awaitable[int]]) -> int:
    """Call `prune` in one transaction after another until nothing is left, and return how many rows it deleted.

    It deletes at most as many rows as it is told, and returns their number. Between two batches there is a pause as
    long as a batch takes, so that a busy database answers requests meanwhile.
    """

    @retried
    async def batch() -> int:
        async with storage.transaction() as tx:
            return await prune(tx, BATCH_SIZE)

    loop = asyncio.get_running_loop()
    began_at = loop.time()
    pruned = 0
    while True:
        batch_began_at = loop.time()
        deleted = await batch()
        pruned += deleted
        now = loop.time()
        if deleted < BATCH_SIZE or now - began_at >= MAX_SECONDS:
            return pruned
        await asyncio.sleep(now - batch_began_at)
