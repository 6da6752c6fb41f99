"""The rotated tokens of a session in one text column.

All entries have the same width, and the latest is first. A rotation therefore prepends one entry and cuts the last one
off in the same statement, without reading the column.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import final, overload

from doorward.domain.sessions.refresh_token import FINGERPRINT_BYTES, RotatedToken
from doorward.domain.sessions.session import MAX_ROTATED_TOKENS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

FINGERPRINT_CHARACTERS = 2 * FINGERPRINT_BYTES
TIME_CHARACTERS = 14
ENTRY_CHARACTERS = FINGERPRINT_CHARACTERS + TIME_CHARACTERS
MAX_ROTATED_TOKENS_CHARACTERS = MAX_ROTATED_TOKENS * ENTRY_CHARACTERS


def to_text(tokens: Iterable[RotatedToken]) -> str:
    """Return one entry for each token: its fingerprint and the microseconds since 1970, in hexadecimal."""
    return "".join(
        f"{token.fingerprint.hex()}{(token.rotated_at - EPOCH) // MICROSECOND:0{TIME_CHARACTERS}x}" for token in tokens
    )


@final
@dataclass(frozen=True, slots=True, eq=False)
class StoredRotatedTokens(Sequence[RotatedToken]):
    """A sequence that parses an entry when it is read. Most requests read none: only a request with a token that is not
    the current one does."""

    text: str

    @overload
    def __getitem__(self, index: int) -> RotatedToken: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[RotatedToken, ...]: ...
    def __getitem__(self, index: int | slice) -> RotatedToken | tuple[RotatedToken, ...]:
        starts = range(0, len(self.text), ENTRY_CHARACTERS)[index]
        return self._at(starts) if isinstance(starts, int) else tuple(map(self._at, starts))

    def __len__(self) -> int:
        return len(self.text) // ENTRY_CHARACTERS

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, StoredRotatedTokens | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def _at(self, start: int) -> RotatedToken:
        entry = self.text[start : start + ENTRY_CHARACTERS]
        microseconds = int(entry[FINGERPRINT_CHARACTERS:], 16)
        return RotatedToken(bytes.fromhex(entry[:FINGERPRINT_CHARACTERS]), EPOCH + microseconds * MICROSECOND)
