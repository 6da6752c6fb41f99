"""Cursors of the change feed: which ones a node recognises."""

from dataclasses import replace
from datetime import timedelta

import pytest

from doorward.application.change_feed import feed_marks
from doorward.application.change_feed.feed_marks import FeedMarks, Position
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
    cursor = marks_of(row, key=key).cursor(Position.of(row))
    assert cursor is not None
    return cursor


@pytest.mark.parametrize(
    "other",
    [
        replace(ROW, sequence=8),
        replace(ROW, at=NOON + timedelta(microseconds=1)),
        replace(ROW, at=NOON - timedelta(days=1)),
    ],
)
def test_a_cursor_is_recognised_only_with_the_change_that_it_was_made_of(other: SequencedChange) -> None:
    """RF-17."""
    assert marks_of(ROW).position(cursor_of(ROW)) == Position.of(ROW)
    assert marks_of(other).position(cursor_of(ROW)) is None
    assert marks_of(ROW).position(cursor_of(other)) is None
    assert marks_of(ROW).cursor(Position.of(other)) is None


def test_nobody_makes_a_cursor_without_the_key() -> None:
    """RF-17."""
    assert marks_of(ROW).position(cursor_of(ROW, b"another key")) is None


def test_a_node_recognises_a_limited_number_of_cursors_and_none_of_a_feed_that_it_gave_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """RF-17."""
    monkeypatch.setattr(feed_marks, "MAX_KNOWN_CHANGES", 200)
    rows = [replace(ROW, sequence=number) for number in range(1, 500)]
    marks = FeedMarks(KEY)
    for start in range(0, len(rows), 100):
        marks.add(rows[start : start + 100])
    marks.add(rows[-1:])
    recognised = [row.sequence for row in rows if marks.cursor(Position.of(row)) is not None]
    assert recognised == [row.sequence for row in rows[-200:]]
    last = cursor_of(rows[-1])
    assert marks.position(last) == Position.of(rows[-1])
    marks.clear()
    assert marks.position(last) is None


def test_a_later_moment_has_a_greater_position_also_if_its_number_is_lower() -> None:
    later = replace(ROW, sequence=3, at=NOON + timedelta(microseconds=1))
    assert Position.of(later) > Position.of(ROW) > Position.of(replace(ROW, sequence=6))
