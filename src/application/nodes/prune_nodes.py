from dataclasses import dataclass
from datetime import datetime
from typing import Final, final

from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried

SILENT_SECONDS: Final = 600.0
"""A process that has not reported itself for so long has ended without removing its row."""


@final
@dataclass(frozen=True, slots=True)
class PruneNodes:
    """Removes the processes that are gone."""

    storage: Storage

    @retried
    async def __call__(self, _now: datetime) -> int:
        """Return how many there were."""
        async with self.storage.transaction() as tx:
            return await tx.nodes.prune(SILENT_SECONDS)
