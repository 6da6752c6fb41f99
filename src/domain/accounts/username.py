import re
import unicodedata
from dataclasses import dataclass
from typing import Self

from doorward.domain.errors import InvalidUsername

ALLOWED = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{2,31}")
"""Never beginning with a dash: commands would take such a name for an option."""

LONGEST_RAW = 64
"""Characters that are looked at: to normalise takes time that grows with the square of what is sent."""

PUNCTUATION = str.maketrans("", "", "._-")
RESERVED = frozenset(
    "account admin administrator anonymous api auth doorward everyone guest help info login logout me mod moderator "
    "nobody null postmaster root security self signin signup staff superuser support sys system test undefined user "
    "users webmaster".split()
)


def fold(text: str) -> str:
    """The form in which names are compared: NFKC, casefold, NFKC (UAX 15), computed here and never by a column."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


@dataclass(frozen=True, slots=True)
class Username:
    """What a person signs in with; `value` is shown, `key` is what uniqueness is decided by."""

    value: str
    key: str

    @classmethod
    def parse(cls, raw: str) -> Self:
        if len(raw) > LONGEST_RAW:
            raise InvalidUsername
        value = unicodedata.normalize("NFKC", raw)
        if not ALLOWED.fullmatch(value):
            raise InvalidUsername
        return cls(value, fold(value))

    @property
    def reserved(self) -> bool:
        """True for names that a stranger could pass as the service's own with, however they are punctuated."""
        return self.key.translate(PUNCTUATION) in RESERVED
