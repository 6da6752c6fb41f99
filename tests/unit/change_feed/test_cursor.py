"""Which changes a node reads again, and when it takes some for lost. `test_cursor_model.py` tries all of it at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from doorward.application.change_feed.cursor import (
    CHANGES_PER_PAGE,
    MAX_DATABASE_CLOCK_DIFFERENCE,
    MAX_WINDOW,
    ChangeCursor,
    FeedRewritten,
    first_pages,
)
from doorward.application.transactions import LONGEST_TRANSACTION
from doorward.domain.change_feed.change import NUMBERS_PER_SPAN, Change, SequencedChange, SpanCount, Subject
from doorward.testing.doubles import NOON

LIFE = LONGEST_TRANSACTION.total_seconds()
DIFFERENCE = MAX_DATABASE_CLOCK_DIFFERENCE.total_seconds()
A_BLOCK = 30_000
"""TiDB gives each of its servers so many numbers at once."""


class Feed:
    """The changes that a node can read, and its cursor."""

    def __init__(self) -> None:
        self.rows: dict[int, SequencedChange] = {}
        self.reads = 0

    def add(self, sequence: int, seconds: float = 0.0) -> None:
        """Let a change become readable that was announced so many seconds after noon."""
        self.rows[sequence] = SequencedChange(sequence, Change(Subject.ROLES), NOON + timedelta(seconds=seconds))

    def started(self, at: float = 0.0) -> ChangeCursor:
        newest = max((row.at for row in self.rows.values()), default=None)
        cursor = ChangeCursor(newest, at)
        self.read(cursor, at)
        return cursor

    def counts(self, since: datetime) -> Sequence[SpanCount]:
        rows = [row for row in self.rows.values() if row.at >= since]
        spans = {row.sequence // NUMBERS_PER_SPAN for row in rows}
        parts = [[row.at for row in rows if row.sequence // NUMBERS_PER_SPAN == span] for span in spans]
        return [SpanCount(span, len(times), max(times)) for span, times in zip(spans, parts, strict=True)]

    def read(self, cursor: ChangeCursor, at: float) -> list[int]:
        """Return the numbers that the cursor has not read before."""
        new: list[SequencedChange] = []
        self.reads = 0
        for page in cursor.pages(self.counts(cursor.since)):
            numbers = range(page.first, page.last + 1)
            rows = [row for row in self.rows.values() if row.sequence in numbers and row.at >= cursor.since]
            self.reads += len(rows)
            new += cursor.advance(page, rows)
        cursor.complete(at)
        return sorted(row.sequence for row in new)


def test_an_end_in_the_block_of_another_server_is_heard_after_one_with_a_much_higher_number() -> None:
    """TK-16: servers that hand out blocks of numbers give a later change a lower number."""
    feed = Feed()
    feed.add(1)
    cursor = feed.started()
    feed.add(A_BLOCK + 1, 1.0)
    assert feed.read(cursor, 1.0) == [A_BLOCK + 1]
    feed.add(2, 2.0)
    assert feed.read(cursor, 2.0) == [2]
    feed.add(3, 3600.0)
    assert feed.read(cursor, 3600.0) == [3]


def test_thousands_of_numbers_that_were_never_used_cost_nothing() -> None:
    feed = Feed()
    feed.add(7)
    cursor = feed.started()
    for count in range(2, 2_000):
        feed.add(7 * count, count / 1000)
    assert len(feed.read(cursor, 2.0)) == 1998
    feed.add(14_007, 2.1)
    assert feed.read(cursor, 2.1) == [14_007]
    assert feed.reads <= NUMBERS_PER_SPAN // 7 + 1, "only the span is read again that has changed"


def test_a_change_is_heard_that_commits_as_late_as_a_transaction_can() -> None:
    """The copy that the node reads shows the later change long before the one that commits late."""
    feed = Feed()
    feed.add(1)
    cursor = feed.started()
    feed.add(3, LIFE)
    for second in range(60):
        feed.read(cursor, LIFE + second)
    feed.add(2, 0.0)
    assert feed.read(cursor, LIFE + 60) == [2]


def test_a_change_is_heard_that_was_dated_by_a_clock_that_is_behind() -> None:
    """The newest change was dated by a clock that is ahead, as that of the server before a failover may be."""
    feed = Feed()
    feed.add(1)
    cursor = feed.started()
    feed.add(3, LIFE + DIFFERENCE)
    for second in range(60):
        feed.read(cursor, LIFE + second)
    feed.add(2, 0.0)
    assert feed.read(cursor, LIFE + 60) == [2]


@pytest.mark.parametrize("starts", [False, True])
def test_a_change_is_heard_after_the_clock_of_the_database_was_set_back(starts: bool) -> None:
    """TK-16: the clock was an hour ahead, and then both it and that of the node are right again."""
    feed = Feed()
    feed.add(1, 3600.0)
    cursor = feed.started()
    cursor = feed.started(1.0) if starts else cursor
    for second in range(40):
        feed.add(2 + second, float(second))
        cursor.begin(NOON + timedelta(seconds=second))
        assert 2 + second in feed.read(cursor, float(second))


@pytest.mark.parametrize("starts", [False, True])
def test_a_change_is_heard_whose_commit_was_held_up_while_no_other_committed(starts: bool) -> None:
    """A group of servers that lost its majority lets all waiting commits go at once, in any order, when it has it
    again."""
    feed = Feed()
    feed.add(1)
    cursor = feed.started()
    for second in range(26):
        feed.read(cursor, float(second))
    feed.add(3, 24.0)
    cursor = feed.started(25.0) if starts else cursor
    feed.read(cursor, 25.0)
    feed.add(2, 0.0)
    assert feed.read(cursor, 25.5) == [2]


def test_what_is_older_than_any_change_that_can_still_come_is_not_counted_any_more() -> None:
    feed = Feed()
    feed.add(1)
    cursor = feed.started()
    for second in range(1, 60):
        feed.add(1 + second, float(second))
        assert feed.read(cursor, float(second)) == [1 + second]
    assert feed.rows[60].at - cursor.since <= MAX_WINDOW + timedelta(seconds=1)
    assert sum(count.number for count in feed.counts(cursor.since)) <= MAX_WINDOW.total_seconds() + 2


@pytest.mark.parametrize("lost", [{9}, {1}, {5, 9}, set(range(1, 10))])
def test_a_feed_that_lost_a_change_is_noticed(lost: set[int]) -> None:
    feed = Feed()
    for sequence in range(1, 10):
        feed.add(sequence)
    cursor = feed.started()
    for sequence in lost:
        del feed.rows[sequence]
    with pytest.raises(FeedRewritten):
        feed.read(cursor, 1.0)


@pytest.mark.parametrize("new", [{9}, {9, 10}, {10}, {8, 9, 10, 11}, {A_BLOCK}])
def test_a_feed_whose_numbers_were_used_once_more_is_noticed(new: set[int]) -> None:
    """A backup was restored that lacks the last two changes, and as many or more came since."""
    feed = Feed()
    for sequence in range(1, 10):
        feed.add(sequence)
    cursor = feed.started()
    del feed.rows[8], feed.rows[9]
    for sequence in new:
        feed.add(sequence, 0.5)
    with pytest.raises(FeedRewritten):
        feed.read(cursor, 1.0)


def test_what_was_read_before_a_failure_is_not_read_twice_and_the_rest_is_read_next_time() -> None:
    feed = Feed()
    cursor = feed.started()
    feed.add(1, 1.0)
    feed.add(A_BLOCK, 1.0)
    page, _ = cursor.pages(feed.counts(cursor.since))
    cursor.advance(page, [feed.rows[1]])
    assert feed.read(cursor, 2.0) == [A_BLOCK]


def test_pages_have_a_bounded_number_of_changes_and_so_has_one_read() -> None:
    full = [SpanCount(span, NUMBERS_PER_SPAN, NOON) for span in range(40)]
    pages = ChangeCursor(None, 0.0).pages(full)
    assert all(page.number < CHANGES_PER_PAGE + NUMBERS_PER_SPAN for page in pages)
    assert [span for page in pages for span in page.spans] == list(range(40))
    some = first_pages(pages, 5_000)
    assert 5_000 <= sum(page.number for page in some) < 5_000 + CHANGES_PER_PAGE + NUMBERS_PER_SPAN
    assert first_pages(pages, 10**9) == pages
