import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self, final

from doorward.domain.change_feed.change import SequencedChange

MAX_KNOWN_CHANGES = 100_000
"""How many changes are recognised in a cursor: those of the last 20 seconds while 5,000 come in each."""

MARK_CHARACTERS = 16
"""64 bits in hexadecimal. Whoever guesses a mark gets a shorter list, and nothing that is secret."""

CURSOR = re.compile(rf"([0-9]{{1,18}})-([0-9]{{1,18}})-([0-9a-f]{{{MARK_CHARACTERS}}})", re.ASCII)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Position(NamedTuple):
    """The newest change that was readable at some moment. Among changes of one time, the newest has the highest
    number. So later moments have the same position or a greater one."""

    at: int
    """When the change was announced, by the clock of the database, in microseconds since 1970."""
    sequence: int

    @classmethod
    def of(cls, row: SequencedChange) -> Self:
        return cls((row.at - EPOCH) // MICROSECOND, row.sequence)


START = Position(0, 0)
"""The position while the feed is empty or was not read yet."""


@final
class FeedMarks:
    """Makes cursors of positions in the change feed, and recognises those that are of this feed.

    A cursor contains a position and its keyed hash, so nobody can invent one. It is recognised while its change is
    known here, with the same time. So a cursor of a feed that was replaced by a backup does not fit a change that got
    the same number afterwards. All nodes with the same key make the same cursors.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[int, int] = {}
        """When the last changes were announced, by their numbers."""

    def add(self, rows: Sequence[SequencedChange]) -> None:
        """Add changes that were read from the feed."""
        self._known.update({row.sequence: Position.of(row).at for row in rows[-MAX_KNOWN_CHANGES:]})
        while len(self._known) > MAX_KNOWN_CHANGES:
            del self._known[next(iter(self._known))]

    def clear(self) -> None:
        """Forget all changes, because another feed is read from now on."""
        self._known.clear()

    def cursor(self, position: Position) -> str | None:
        """Return the cursor of the position, or None if its change is not known here."""
        if self._known.get(position.sequence) != position.at:
            return None
        return f"{position.at}-{position.sequence}-{self._mark(position)}"

    def position(self, cursor: str) -> Position | None:
        """Return the position of the cursor, or None if it is invented, too old, or of another feed."""
        found = CURSOR.fullmatch(cursor)
        if found is None:
            return None
        position = Position(int(found[1]), int(found[2]))
        is_ours = hmac.compare_digest(self._mark(position), found[3])
        return position if is_ours and self._known.get(position.sequence) == position.at else None

    def _mark(self, position: Position) -> str:
        content = f"{position.at} {position.sequence}".encode()
        return hmac.digest(self._key, content, "sha256").hex()[:MARK_CHARACTERS]
