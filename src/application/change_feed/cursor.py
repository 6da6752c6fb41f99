from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import final

from doorward.application.transactions import LONGEST_TRANSACTION
from doorward.domain.change_feed.change import NUMBERS_PER_SPAN, SequencedChange, SpanCount

MAX_DATABASE_CLOCK_DIFFERENCE = timedelta(seconds=5)
"""By how much the clocks of two database servers may differ that date changes, at once or one after the other."""

WINDOW = LONGEST_TRANSACTION + MAX_DATABASE_CLOCK_DIFFERENCE
"""How much older than the newest known change one may be that nobody could read before."""

MAX_WINDOW = LONGEST_TRANSACTION + WINDOW
"""How far the window of a cursor reaches back from the newest change, while changes come all the time."""

CHANGES_PER_PAGE = 2_000
"""The number of changes from which on no other span is added to a page."""

BEGINNING, NEVER = datetime(2000, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
"""Earlier and later than any change."""


class FeedRewritten(Exception):
    """The feed no longer contains what was read from it, for example after a restore from a backup. The reader must
    drop what it has read and start again."""


@final
class ChangeCursor:
    """A position in the change feed that misses no change, in whatever order changes become readable.

    No order of the numbers is assumed, because some servers hand them out in blocks. The cursor remembers each change
    of a window: those that were announced at `since` or later. The database counts the changes of the window by spans
    of numbers, and the spans whose count differs from what is known are read. A change that becomes readable late
    makes the count differ, and a change that vanished does, too.

    `since` follows the newest change at the distance WINDOW. For the time of a longest transaction it stays behind, at
    what was the newest change then. So the cursor also finds changes whose commits the database held up for longer,
    while it let no other transaction commit. A change that is later than the clock of this node was dated before the
    clock of the database was set back. What comes now is earlier, so `since` then follows the clock of this node.
    """

    def __init__(self, newest: datetime | None, monotonic: float) -> None:
        """Start at the end of the feed, whose newest change was announced at `newest`; None if it is empty.

        All changes of the window count as new at the first read.
        """
        start = BEGINNING if newest is None else newest - LONGEST_TRANSACTION
        self._reads = deque([(monotonic, start)])
        """When reads began that were completed, and the newest change of each. The first one sets the window."""
        self._newest = start
        self._now = NEVER
        self._spans: dict[int, KnownSpan] = {}

    @property
    def since(self) -> datetime:
        """The time at which the window begins. It moves when a read begins and when one is completed."""
        return min(self._reads[0][1], self._now) - WINDOW

    def begin(self, now: datetime) -> None:
        """Begin a read at that time of this node. The window begins no later than WINDOW before it."""
        self._now = now

    def pages(self, counts: Sequence[SpanCount]) -> list["Page"]:
        """Return which numbers must be read, by the present `counts` of the window. Raise FeedRewritten."""
        self._forget_before_window()
        if not {count.span for count in counts} >= self._spans.keys():
            raise FeedRewritten
        self._newest = max((count.newest_at for count in counts), default=self._newest)
        return list(pages_of([count for count in counts if self._differs(count)]))

    def advance(self, page: "Page", rows: Sequence[SequencedChange]) -> list[SequencedChange]:
        """Return the new changes of `rows`, which are all changes of the page and the window. Raise FeedRewritten."""
        known_before = sum(len(self._spans[span].changes) for span in page.spans if span in self._spans)
        new = [row for row in rows if self._is_new(row)]
        if len(rows) - len(new) != known_before:
            raise FeedRewritten
        for row in new:
            self._spans.setdefault(row.sequence // NUMBERS_PER_SPAN, KnownSpan(row)).add(row)
        return new

    def complete(self, began: float) -> None:
        """Move the window after a read that began at that monotonic time, all pages of which were read."""
        self._reads.append((began, self._newest))
        while self._reads[1][0] <= began - LONGEST_TRANSACTION.total_seconds():
            self._reads.popleft()

    def _differs(self, count: SpanCount) -> bool:
        known = self._spans.get(count.span)
        return known is None or count.number != len(known.changes) or count.newest_at != known.newest_at

    def _is_new(self, row: SequencedChange) -> bool:
        span = self._spans.get(row.sequence // NUMBERS_PER_SPAN)
        known_at = None if span is None else span.changes.get(row.sequence)
        if known_at not in {None, row.at}:
            raise FeedRewritten
        return known_at is None

    def _forget_before_window(self) -> None:
        since = self.since
        for number, span in list(self._spans.items()):
            if span.oldest_at < since:
                span.forget_before(since)
            if not span.changes:
                del self._spans[number]


@final
class Page:
    """Spans of numbers that follow one another, which are read by one statement."""

    __slots__ = ("number", "spans")

    def __init__(self, counts: Sequence[SpanCount]) -> None:
        self.spans = range(counts[0].span, counts[-1].span + 1)
        self.number = sum(count.number for count in counts)
        """How many changes the page has."""

    @property
    def first(self) -> int:
        """The lowest number of the page."""
        return self.spans[0] * NUMBERS_PER_SPAN

    @property
    def last(self) -> int:
        """The highest number of the page."""
        return self.spans[-1] * NUMBERS_PER_SPAN + NUMBERS_PER_SPAN - 1


@final
class KnownSpan:
    """The changes of one span of numbers that a cursor remembers, by their numbers, with their times."""

    __slots__ = ("changes", "newest_at", "oldest_at")

    def __init__(self, first: SequencedChange) -> None:
        self.changes = {first.sequence: first.at}
        self.oldest_at = self.newest_at = first.at

    def add(self, row: SequencedChange) -> None:
        self.changes[row.sequence] = row.at
        self.oldest_at = min(self.oldest_at, row.at)
        self.newest_at = max(self.newest_at, row.at)

    def forget_before(self, since: datetime) -> None:
        self.changes = {sequence: at for sequence, at in self.changes.items() if at >= since}
        if self.changes:
            self.oldest_at = min(self.changes.values())
            self.newest_at = max(self.changes.values())


def pages_of(counts: Sequence[SpanCount]) -> Iterator[Page]:
    """Yield the pages of these spans. A page ends before a span that is missing, and when it has CHANGES_PER_PAGE."""
    part: list[SpanCount] = []
    for count in sorted(counts, key=lambda each: each.span):
        if part and (count.span != part[-1].span + 1 or sum(each.number for each in part) >= CHANGES_PER_PAGE):
            yield Page(part)
            part = []
        part.append(count)
    if part:
        yield Page(part)


def first_pages(pages: Sequence[Page], number: int) -> Sequence[Page]:
    """Return the first pages, up to the one with which they have that many changes."""
    before = accumulate((page.number for page in pages), initial=0)
    return [page for page, changes in zip(pages, before, strict=False) if changes < number]
