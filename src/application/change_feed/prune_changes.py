from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from doorward.application.batches import prune_in_batches
from doorward.application.change_feed.cursor import MAX_WINDOW
from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.application.ports.storage import Storage

FEED_MARGIN = timedelta(minutes=45)
"""How much longer changes stay in the feed than ends are kept in memory."""


@final
@dataclass(slots=True)
class PruneChanges:
    """Deletes changes that every node has read, and that a node which starts does not need.

    What was in the window of a cursor at the previous call is kept, however old it is. Nobody announced anything since,
    and a node that reads the feed would take its changes for lost.
    """

    storage: Storage
    ended: EndedSessions
    newest_before: datetime | None = None
    """The time of the newest change at the previous call."""

    async def __call__(self, now: datetime) -> int:
        """Return how many changes were deleted."""
        newest_before = self.newest_before
        async with self.storage.reading() as reading:
            latest = await reading.changes.latest(1)
        self.newest_before = latest[-1].at if latest else None
        if newest_before is None:
            return 0
        before = min(now - self.ended.retention - FEED_MARGIN, newest_before - MAX_WINDOW)
        return await prune_in_batches(self.storage, lambda tx, limit: tx.changes.prune(before, limit))
