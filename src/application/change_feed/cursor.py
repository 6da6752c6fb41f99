from collections.abc import Sequence
from typing import final

from doorward.domain.change_feed.change import Change, SequencedChange

MAX_UNCOMMITTED_NUMBERS = 2_000
"""The number of sequence numbers below the newest one that may still be uncommitted when a node begins to read. One
transaction announces at most half as many, when it ends the sessions of an account one by one."""

GAP_TIMEOUT_SECONDS = 30.0
"""After this time a missing number belongs to a transaction that was rolled back: each transaction is cut off after
three seconds."""

MAX_GAPS = 5_000


class FeedRewritten(Exception):
    """The feed no longer contains what was read from it, for example after a restore from a backup. The reader must
    drop what it has read and start again."""


@final
class ChangeCursor:
    """A position in the change feed that misses no change, although a lower number may become visible after a higher.

    The cursor keeps the highest number that was read and every missing number below it. The missing numbers are read
    again until they appear or until their transaction has certainly ended. The row of the highest number is also read
    again each time, which proves that the feed is still the same.
    """

    def __init__(self, latest: Sequence[SequencedChange], monotonic: float) -> None:
        """Start at the end of the feed, which is `latest`. Earlier changes need no reading: nothing is cached yet."""
        self.highest = latest[-1].sequence if latest else 0
        present = {row.sequence for row in latest}
        below = range(max(1, self.highest - MAX_UNCOMMITTED_NUMBERS), self.highest)
        self._gaps = {number: monotonic for number in below if number not in present}

    @property
    def missing(self) -> Sequence[int]:
        """The numbers to read again, ascending; at most MAX_GAPS."""
        return sorted(self._gaps)

    def advance(self, rows: Sequence[SequencedChange], monotonic: float) -> list[Change]:
        """Return the new changes of `rows`, which is the feed from `highest` on. Raise FeedRewritten."""
        if self.highest and (not rows or rows[0].sequence != self.highest):
            raise FeedRewritten
        new = []
        for row in rows:
            if row.sequence <= self.highest:
                continue
            self._add_gaps(self.highest + 1, row.sequence, monotonic)
            self.highest = row.sequence
            new.append(row.change)
        return new

    def fill(self, rows: Sequence[SequencedChange], monotonic: float) -> list[Change]:
        """Return the late changes of `rows`, the answer to `missing`, and drop the gaps that have timed out."""
        late = [row.change for row in rows if self._gaps.pop(row.sequence, None) is not None]
        for number in [number for number, since in self._gaps.items() if monotonic - since > GAP_TIMEOUT_SECONDS]:
            del self._gaps[number]
        return late

    def _add_gaps(self, first: int, end: int, monotonic: float) -> None:
        if len(self._gaps) + end - first > MAX_GAPS:
            raise FeedRewritten
        for number in range(first, end):
            self._gaps[number] = monotonic
