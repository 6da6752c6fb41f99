"""The column with the spent tokens of a session: entries of one width, the latest first.

A rotation prepends an entry and cuts the last one off without reading the column.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import final, overload

from doorward.domain.sessions.refresh_token import MARK, SpentToken
from doorward.domain.sessions.session import MOST_SPENT

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

MARK_DIGITS = 2 * MARK
TIME_DIGITS = 14
ENTRY_CHARACTERS = MARK_DIGITS + TIME_DIGITS
MAX_SPENT_CHARACTERS = MOST_SPENT * ENTRY_CHARACTERS


def to_text(spent: Iterable[SpentToken]) -> str:
    """Entries for spent tokens: the mark and the microseconds since 1970, in hexadecimal."""
    return "".join(f"{token.mark.hex()}{(token.at - EPOCH) // MICROSECOND:0{TIME_DIGITS}x}" for token in spent)


@final
@dataclass(frozen=True, slots=True, eq=False)
class StoredSpent(Sequence[SpentToken]):
    """The spent tokens of a stored session, decoded on access: only a token that is not the current one needs them."""

    text: str

    @overload
    def __getitem__(self, index: int) -> SpentToken: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[SpentToken, ...]: ...
    def __getitem__(self, index: int | slice) -> SpentToken | tuple[SpentToken, ...]:
        starts = range(0, len(self.text), ENTRY_CHARACTERS)[index]
        return self._at(starts) if isinstance(starts, int) else tuple(map(self._at, starts))

    def __len__(self) -> int:
        return len(self.text) // ENTRY_CHARACTERS

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, StoredSpent | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def _at(self, start: int) -> SpentToken:
        entry = self.text[start : start + ENTRY_CHARACTERS]
        return SpentToken(bytes.fromhex(entry[:MARK_DIGITS]), EPOCH + int(entry[MARK_DIGITS:], 16) * MICROSECOND)
