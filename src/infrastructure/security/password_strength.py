import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Self, final

from zxcvbn_rs_py import zxcvbn

from doorward.domain.accounts.password import Password, account_words
from doorward.domain.accounts.username import fold
from doorward.infrastructure.settings.start_refused import StartRefused

LOWEST_ACCEPTED_SCORE = 3
"""zxcvbn's scores go from 0 to 4; 3 stands for more than a hundred million guesses."""

LOWEST_ACCEPTED_SCORE_IN_TUTORIAL = 1
"""More than a thousand guesses. What is among the first thousand is refused, and `commonest_passwords.txt`."""

MAX_ESTIMATED_CHARACTERS = 32
"""The maximum of code points that zxcvbn estimates. Its time grows with the square of their number."""

MAX_ESTIMATED_LOOKUPS = 6_000
"""Dictionary look-ups that zxcvbn may do for substituted letters, per dictionary: about a millisecond."""

SUBSTITUTES = ("4@", "({[<", "69", "$5", "1!|", "11||7", "+77")
"""The characters that zxcvbn reads as a, c, g, s, i, l and t.

Letters with one substitute add no variants and are left out. A character of two letters counts twice for the second.
"""

SEPARATORS = re.compile(r"[\s_.,-]+")

LISTS_DIRECTORY = Path(__file__).parent

COMMON_PHRASES = tuple((LISTS_DIRECTORY / "common_phrases.txt").read_text("utf-8").split())
"""Common passwords of several words that zxcvbn alone would accept. Folded, without separators."""

COMMONEST_PASSWORDS = frozenset((LISTS_DIRECTORY / "commonest_passwords.txt").read_text("utf-8").split())
"""Passwords of 8 characters and more that many people have, and that zxcvbn alone would accept in the tutorial dialect.
Folded, without separators."""

KEYBOARD_WALKS = tuple((LISTS_DIRECTORY / "keyboard_walks.txt").read_text("utf-8").split())
"""Walks over a keyboard and known rows of digits that zxcvbn alone would accept. Their beginnings count, too."""

DIGIT_RUNS = tuple("12345678901234567890"[:length] for length in range(11, 21))
"""Rows of digits that zxcvbn reads as two parts. It would otherwise accept a common word before one of them."""

COMMON_PARTS = tuple(phrase[:MAX_ESTIMATED_CHARACTERS] for phrase in COMMON_PHRASES) + DIGIT_RUNS
"""Words that zxcvbn looks for in addition to its dictionaries, also substituted, reversed or as a part of the text."""

EASY_TO_GUESS = "This password is easy to guess."
COMMON = "This is a commonly used password. Use several words that do not belong together."
FORBIDDEN = "This password is on this service's list of forbidden passwords. Choose another one."


@final
@dataclass(frozen=True, slots=True)
class ZxcvbnPasswordStrength:
    """Password strength as zxcvbn estimates it, with lists of common long passwords and the operator's own list.

    Case and separators between words are ignored. zxcvbn holds the interpreter's lock while it works, so a thread would
    not keep the event loop free; the text that it sees is bounded instead.
    """

    forbidden: frozenset[str] = field(default=frozenset(), repr=False)
    """The operator's own list, folded."""
    lowest_score: int = LOWEST_ACCEPTED_SCORE

    @classmethod
    def load(cls, forbidden: Path | None, lowest_score: int = LOWEST_ACCEPTED_SCORE) -> Self:
        """Read the operator's list: one password a line, in UTF-8. Raise StartRefused when it cannot be read."""
        if forbidden is None:
            return cls(lowest_score=lowest_score)
        try:
            text = forbidden.read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise StartRefused(f"the password blocklist {forbidden} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise StartRefused(f"the password blocklist {forbidden} is not UTF-8: save it as UTF-8") from error
        lines = frozenset(fold(line.removesuffix("\r")) for line in text.split("\n") if line.strip())
        return cls(lines, lowest_score)

    def weakness(self, password: Password, known: Iterable[str]) -> str | None:
        folded = fold(password.value)
        if folded in self.forbidden:
            return FORBIDDEN
        joined = SEPARATORS.sub("", folded)
        if (
            joined in COMMONEST_PASSWORDS
            or joined in COMMON_PHRASES
            or any(walk.startswith(joined) for walk in KEYBOARD_WALKS)
        ):
            return COMMON
        words = [SEPARATORS.sub("", word) for word in account_words(known)]
        estimate = zxcvbn(estimated_part(joined), [*words, *COMMON_PARTS])
        if int(estimate.score) >= self.lowest_score:
            return None
        feedback = estimate.feedback
        warning = feedback.warning if feedback else None
        suggestions = feedback.suggestions if feedback else []
        return " ".join([str(warning or EASY_TO_GUESS), *map(str, suggestions)])


def estimated_part(text: str) -> str:
    """Return the longest beginning of `text` that zxcvbn estimates in bounded time.

    Of a long text that only repeats a part, that part is estimated. Lone surrogates become question marks.

    zxcvbn tries every combination of substituted letters. 80 characters with all substitutes take it two seconds.
    """
    part = without_repeats(text)[:MAX_ESTIMATED_CHARACTERS].encode("utf-8", "replace").decode()
    while lookups(part) > MAX_ESTIMATED_LOOKUPS:
        part = part[:-1]
    return part


def without_repeats(text: str) -> str:
    """Return `text`, or the part that it repeats if it is too long to be estimated: twice if that fits, else once."""
    if len(text) > MAX_ESTIMATED_CHARACTERS:
        for length in range(1, MAX_ESTIMATED_CHARACTERS + 1):
            if text[length:] == text[:-length]:
                return text[: 2 * length] if 2 * length <= MAX_ESTIMATED_CHARACTERS else text[:length]
    return text


def lookups(text: str) -> int:
    """Return how many substrings zxcvbn looks up in each dictionary, over all combinations of substituted letters."""
    substrings = len(text) * (len(text) + 1) // 2
    present = set(text)
    return substrings * prod(max(1, sum(symbol in present for symbol in symbols)) for symbols in SUBSTITUTES)
