import hmac
import re
from collections.abc import Sequence
from typing import final

from doorward.domain.change_feed.change import SequencedChange

MAX_KNOWN_NUMBERS = 2_000
"""How many of the last numbers of the feed are recognised, which is as many as a node reads when it starts."""

MARK_CHARACTERS = 16
"""64 bits in hexadecimal. Whoever guesses a mark gets a shorter list, and nothing that is secret."""

CURSOR = re.compile(rf"([0-9]{{1,18}})-([0-9a-f]{{{MARK_CHARACTERS}}})", re.ASCII)


@final
class FeedMarks:
    """Makes cursors of numbers of the change feed, and recognises those that are of this feed.

    A cursor contains the number and a mark: a keyed hash of the change that has the number. Nobody can invent a cursor,
    and one of a feed that was replaced by a backup does not fit the changes that got the same numbers afterwards. All
    nodes with the same key make the same cursors.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._marks: dict[int, str] = {}

    def add(self, rows: Sequence[SequencedChange]) -> None:
        """Add changes that were read from the feed."""
        for row in rows[-MAX_KNOWN_NUMBERS:]:
            if row.sequence not in self._marks:
                self._marks[row.sequence] = self._mark(row)
        while len(self._marks) > MAX_KNOWN_NUMBERS:
            del self._marks[next(iter(self._marks))]

    def clear(self) -> None:
        """Forget all numbers, because another feed is read from now on."""
        self._marks.clear()

    def contradicts(self, row: SequencedChange) -> bool:
        """Return whether the number of this change belonged to another one before."""
        return self._marks.get(row.sequence) not in {None, self._mark(row)}

    def cursor(self, number: int) -> str | None:
        """Return the cursor of the number, or None if it is not known here."""
        mark = self._marks.get(number)
        return None if mark is None else f"{number}-{mark}"

    def number(self, cursor: str) -> int | None:
        """Return the number of the cursor, or None if it is invented, too old, or of another feed."""
        found = CURSOR.fullmatch(cursor)
        if found is None:
            return None
        mark = self._marks.get(int(found[1]), "")
        return int(found[1]) if hmac.compare_digest(mark, found[2]) else None

    def _mark(self, row: SequencedChange) -> str:
        change = row.change
        content = (row.sequence, change.subject, change.user_id, change.session_id, change.epoch, row.at.isoformat())
        return hmac.digest(self._key, " ".join(map(str, content)).encode(), "sha256").hex()[:MARK_CHARACTERS]
