"""Sequence numbers are assigned at the insert and visible from the commit on, so a lower one may become visible
later."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.application.change_feed.cursor import (
    GAP_TIMEOUT_SECONDS,
    MAX_UNCOMMITTED_NUMBERS,
    ChangeCursor,
    FeedRewritten,
)
from doorward.domain.change_feed.change import Change, SequencedChange
from doorward.domain.ids import UserId, uuid7
from doorward.testing.doubles import NOON


def row(sequence: int) -> SequencedChange:
    return SequencedChange(sequence, Change.of_account(UserId(uuid7(NOON))), NOON)


class Feed:
    """The committed changes, in any order."""

    def __init__(self) -> None:
        self.rows: dict[int, SequencedChange] = {}

    def commit(self, *sequences: int) -> None:
        for sequence in sequences:
            self.rows[sequence] = row(sequence)

    def since(self, sequence: int) -> Sequence[SequencedChange]:
        return [self.rows[number] for number in sorted(self.rows) if number >= sequence]

    def poll(self, cursor: ChangeCursor, at: float = 0.0) -> set[Change]:
        late = cursor.fill([self.rows[number] for number in cursor.missing if number in self.rows], at)
        return {*late, *cursor.advance(self.since(cursor.highest), at)}

    def changes(self, *sequences: int) -> set[Change]:
        return {self.rows[sequence].change for sequence in sequences}


def test_a_change_that_commits_after_a_later_one_is_not_missed() -> None:
    feed = Feed()
    feed.commit(1)
    cursor = ChangeCursor(feed.since(1), 0.0)
    feed.commit(3)
    assert feed.poll(cursor) == feed.changes(3)
    feed.commit(2)
    assert feed.poll(cursor) == feed.changes(2)
    assert feed.poll(cursor) == set()


def test_a_change_that_was_uncommitted_when_the_node_started_is_not_missed() -> None:
    feed = Feed()
    feed.commit(1, 3)
    cursor = ChangeCursor(feed.since(1), 0.0)
    feed.commit(2)
    assert feed.poll(cursor) == feed.changes(2)


def test_the_first_change_ever_may_commit_second() -> None:
    feed = Feed()
    cursor = ChangeCursor([], 0.0)
    feed.commit(2)
    assert feed.poll(cursor) == feed.changes(2)
    feed.commit(1)
    assert feed.poll(cursor) == feed.changes(1)


def test_the_number_of_a_rolled_back_transaction_is_given_up_after_the_timeout() -> None:
    feed = Feed()
    feed.commit(1)
    cursor = ChangeCursor(feed.since(1), 0.0)
    feed.commit(3)
    feed.poll(cursor, 10.0)
    assert list(cursor.missing) == [2]
    feed.poll(cursor, 10.0 + GAP_TIMEOUT_SECONDS)
    assert list(cursor.missing) == [2]
    feed.poll(cursor, 10.1 + GAP_TIMEOUT_SECONDS)
    assert not cursor.missing


def test_a_feed_that_lost_its_end_is_noticed() -> None:
    feed = Feed()
    feed.commit(*range(1, 10))
    cursor = ChangeCursor(feed.since(1), 0.0)
    del feed.rows[9]
    with pytest.raises(FeedRewritten):
        feed.poll(cursor)


def test_a_node_that_starts_reads_back_a_limited_number_of_changes() -> None:
    cursor = ChangeCursor([row(1_000_000)], 0.0)
    assert len(cursor.missing) == MAX_UNCOMMITTED_NUMBERS


@given(st.permutations(range(1, 25)), st.lists(st.integers(1, 5), min_size=24, max_size=24), st.integers(0, 24))
def test_every_change_is_returned_once_whatever_the_order_of_the_commits(
    order: list[int], steps: list[int], begun_at: int
) -> None:
    feed = Feed()
    feed.commit(*order[:begun_at])
    cursor = ChangeCursor(feed.since(1), 0.0)
    heard: list[Change] = []
    rest = order[begun_at:]
    for step in steps:
        feed.commit(*rest[:step])
        rest = rest[step:]
        heard += feed.poll(cursor)
    assert len(heard) == len(set(heard))
    assert set(heard) == feed.changes(*order[begun_at:])
