"""What a session remembers of its spent tokens, as one column: entries of one width, the latest first, so that a
rotation puts the next before them and cuts off the last without having read them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from domain.sessions.refresh_token import MARK, SpentToken
from domain.sessions.session import MOST_SPENT

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

OF_MARK = 2 * MARK
OF_TIME = 14
WIDTH = OF_MARK + OF_TIME
LONGEST_SPENT = MOST_SPENT * WIDTH


def to_text(spent: Iterable[SpentToken]) -> str:
    """Each the mark and the microseconds since 1970, in hexadecimal."""
    return "".join(f"{token.mark.hex()}{(token.at - BEGINNING) // MICROSECOND:0{OF_TIME}x}" for token in spent)


def to_spent(text: str) -> tuple[SpentToken, ...]:
    entries = (text[start : start + WIDTH] for start in range(0, len(text), WIDTH))
    return tuple(
        SpentToken(bytes.fromhex(entry[:OF_MARK]), BEGINNING + int(entry[OF_MARK:], 16) * MICROSECOND)
        for entry in entries
    )
