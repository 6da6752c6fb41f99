"""What a session remembers of its spent tokens, as one column: entries of one width, the latest first, so that a
rotation puts the next before them and cuts off the last without having read them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import final, overload

from doorward.domain.sessions.refresh_token import MARK, SpentToken
from doorward.domain.sessions.session import MOST_SPENT

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

OF_MARK = 2 * MARK
OF_TIME = 14
WIDTH = OF_MARK + OF_TIME
LONGEST_SPENT = MOST_SPENT * WIDTH


def to_text(spent: Iterable[SpentToken]) -> str:
    """Each the mark and the microseconds since 1970, in hexadecimal."""
    return "".join(f"{token.mark.hex()}{(token.at - BEGINNING) // MICROSECOND:0{OF_TIME}x}" for token in spent)


@final
@dataclass(frozen=True, slots=True, eq=False)
class StoredSpent(Sequence[SpentToken]):
    """Read when somebody asks, which is when a token comes that is not the session's present one."""

    text: str

    @overload
    def __getitem__(self, index: int) -> SpentToken: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[SpentToken, ...]: ...
    def __getitem__(self, index: int | slice) -> SpentToken | tuple[SpentToken, ...]:
        starts = range(0, len(self.text), WIDTH)[index]
        return self._at(starts) if isinstance(starts, int) else tuple(map(self._at, starts))

    def __len__(self) -> int:
        return len(self.text) // WIDTH

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, StoredSpent | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def _at(self, start: int) -> SpentToken:
        entry = self.text[start : start + WIDTH]
        return SpentToken(bytes.fromhex(entry[:OF_MARK]), BEGINNING + int(entry[OF_MARK:], 16) * MICROSECOND)
