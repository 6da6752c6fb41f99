from collections.abc import Sequence
from typing import final

from doorward.domain.change_feed.change import Change, SequencedChange

WINDOW = 2_000
"""How far below the newest number a change may still be uncommitted when a node begins to read: twice as many as one
transaction announces at most, when it ends the sessions of an account one by one."""

PATIENCE = 30.0
"""Seconds after which a missing number belongs to a transaction that was rolled back: no transaction lives that long,
since each is cut off after three."""

MOST_GAPS = 5_000


class FeedRewritten(Exception):
    """The feed no longer holds what was read from it (restored from a backup?): forget everything, begin again."""


@final
class ChangeCursor:
    """Reads the change feed so that no change is missed, though a lower number may become visible after a higher one.

    It remembers the highest number seen and every number below it that was not there; those are asked for again until
    they show up or their transaction cannot be alive any more. The row of the highest number is read again each time,
    as proof that the feed is still the same.
    """

    def __init__(self, latest: Sequence[SequencedChange], monotonic: float) -> None:
        """`latest` is the end of the feed: what came before it is known, because nothing has been read yet."""
        self.highest = latest[-1].sequence if latest else 0
        present = {row.sequence for row in latest}
        below = range(max(1, self.highest - WINDOW), self.highest)
        self._gaps = {number: monotonic for number in below if number not in present}

    @property
    def missing(self) -> Sequence[int]:
        """Numbers to ask for again, ascending; at most MOST_GAPS."""
        return sorted(self._gaps)

    def advance(self, rows: Sequence[SequencedChange], monotonic: float) -> list[Change]:
        """What is new in `rows`, the feed from `highest` on. Raise FeedRewritten."""
        if self.highest and (not rows or rows[0].sequence != self.highest):
            raise FeedRewritten
        news = []
        for row in rows:
            if row.sequence <= self.highest:
                continue
            self._miss(self.highest + 1, row.sequence, monotonic)
            self.highest = row.sequence
            news.append(row.change)
        return news

    def fill(self, rows: Sequence[SequencedChange], monotonic: float) -> list[Change]:
        """What came late, from `rows`, the answer to `missing`; and give up what cannot come any more."""
        late = [row.change for row in rows if self._gaps.pop(row.sequence, None) is not None]
        for number in [number for number, since in self._gaps.items() if monotonic - since > PATIENCE]:
            del self._gaps[number]
        return late

    def _miss(self, first: int, end: int, monotonic: float) -> None:
        if len(self._gaps) + end - first > MOST_GAPS:
            raise FeedRewritten
        for number in range(first, end):
            self._gaps[number] = monotonic
