from doorward.application.ports.storage import Transaction
from doorward.domain.access.role import ADMIN


async def hold_keys(tx: Transaction) -> None:
    """Of transactions that change the keys at once, on whichever nodes, each later one sees what the first one left."""
    await tx.roles.lock(ADMIN)  # any row that is always there: the table of keys may be empty
