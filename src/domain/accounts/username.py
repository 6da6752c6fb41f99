import re
import unicodedata
from dataclasses import dataclass
from typing import Self

from doorward.domain.errors import InvalidUsername

ALLOWED = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{2,31}")
"""A username does not begin with a dash, because a command would take it for an option."""

MAX_RAW_CHARACTERS = 64
"""Longer input is refused before it is normalised: the time of normalisation grows with the square of the length."""

PUNCTUATION = str.maketrans("", "", "._-")
RESERVED = frozenset(
    "account admin administrator anonymous api auth doorward everyone guest help info login logout me mod moderator "
    "nobody null postmaster root security self signin signup staff superuser support sys system test undefined user "
    "users webmaster".split()
)


def fold(text: str) -> str:
    """Return the form in which names are compared: NFKC, casefold, NFKC (UAX 15). No database collation is involved."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


@dataclass(frozen=True, slots=True)
class Username:
    """A name to sign in with; `value` is displayed, `key` decides uniqueness."""

    value: str
    key: str

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Return the normalised name. Raise InvalidUsername."""
        if len(raw) > MAX_RAW_CHARACTERS:
            raise InvalidUsername
        value = unicodedata.normalize("NFKC", raw)
        if not ALLOWED.fullmatch(value):
            raise InvalidUsername
        return cls(value, fold(value))

    @property
    def reserved(self) -> bool:
        """Whether the name could be mistaken for one of the service itself, whatever its punctuation."""
        return self.key.translate(PUNCTUATION) in RESERVED
