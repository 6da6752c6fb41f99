"""Cursors of the change feed: which ones a node recognises."""

from dataclasses import replace
from datetime import timedelta

import pytest

from doorward.application.change_feed.feed_marks import MAX_KNOWN_NUMBERS, FeedMarks
from doorward.domain.change_feed.change import Change, SequencedChange
from doorward.domain.ids import UserId, uuid7
from doorward.domain.sessions.session import new_session_id
from doorward.testing.doubles import NOON

SOMEBODY = UserId(uuid7(NOON))
ROW = SequencedChange(7, Change.session_ended(SOMEBODY, new_session_id(NOON)), NOON)
KEY = b"one key of all nodes"


def marks_of(*rows: SequencedChange, key: bytes = KEY) -> FeedMarks:
    marks = FeedMarks(key)
    marks.add(rows)
    return marks


def cursor_of(row: SequencedChange, key: bytes = KEY) -> str:
    cursor = marks_of(row, key=key).cursor(row.sequence)
    assert cursor is not None
    return cursor


@pytest.mark.parametrize(
    "other",
    [
        replace(ROW, sequence=8),
        replace(ROW, at=NOON + timedelta(microseconds=1)),
        replace(ROW, change=Change.session_ended(SOMEBODY, new_session_id(NOON))),
        replace(ROW, change=Change.sessions_ended(SOMEBODY, 1)),
        replace(ROW, change=Change.of_account(SOMEBODY)),
    ],
)
def test_a_cursor_is_recognised_only_with_the_change_that_it_was_made_of(other: SequencedChange) -> None:
    """RF-17."""
    assert marks_of(ROW).number(cursor_of(ROW)) == 7
    assert marks_of(other).number(cursor_of(ROW)) is None
    assert marks_of(ROW).number(cursor_of(other)) is None
    assert marks_of(ROW).contradicts(other) is (other.sequence == 7)
    assert marks_of(ROW).contradicts(ROW) is False


def test_nobody_makes_a_cursor_without_the_key() -> None:
    """RF-17."""
    assert marks_of(ROW).number(cursor_of(ROW, b"another key")) is None


def test_a_node_recognises_a_limited_number_of_cursors_and_none_of_a_feed_that_it_gave_up() -> None:
    """RF-17."""
    rows = [replace(ROW, sequence=number) for number in range(1, 2 * MAX_KNOWN_NUMBERS)]
    marks = FeedMarks(KEY)
    for start in range(0, len(rows), 100):
        marks.add(rows[start : start + 100])
    marks.add(rows[-1:])
    recognised = [row.sequence for row in rows if marks.cursor(row.sequence) is not None]
    assert recognised == [row.sequence for row in rows[-MAX_KNOWN_NUMBERS:]]
    last = cursor_of(rows[-1])
    assert marks.number(last) == rows[-1].sequence
    marks.clear()
    assert marks.number(last) is None
