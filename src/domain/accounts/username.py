import re
import unicodedata
from dataclasses import dataclass
from typing import Self

from doorward.domain.errors import InvalidUsername

ALLOWED = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{2,31}")
"""A username does not begin with a dash, because a command would take it for an option."""

MAX_RAW_CHARACTERS = 64
"""Longer input is refused before it is normalised: the time of normalisation grows with the square of the length."""

SEPARATORS = re.compile(r"[._-]+")
LOOK_ALIKES = str.maketrans("012345678l", "oizeasgtbi")
"""Digits that are read as letters, and l, which looks like 1 and i."""

LOOK_ALIKE_PAIRS = (("rn", "m"), ("vv", "w"))


def skeleton(text: str) -> str:
    """Return the same text for names that look alike."""
    for pair, letter in LOOK_ALIKE_PAIRS:
        text = text.replace(pair, letter)
    return text.translate(LOOK_ALIKES)


SERVICE = skeleton("doorward")
RESERVED = frozenset(
    skeleton(word)
    for word in "abuse account admin administrator anonymous api auth everyone guest help hostmaster info login logout "
    "me mod moderator noc nobody noreply null operator postmaster root security self signin signup staff superuser "
    "support sys sysadmin system test undefined user users webmaster".split()
)
"""Names of the service, of its staff, of machines, and of the mailboxes of RFC 2142."""


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
        """Whether the name could be mistaken for one of the service itself: a reserved word, several of them, or a name
        that contains the service's, whatever its separators and however digits stand for letters."""
        parts = [part for part in SEPARATORS.split(self.key) if part]
        joined = skeleton("".join(parts))
        return SERVICE in joined or joined in RESERVED or (bool(parts) and RESERVED.issuperset(map(skeleton, parts)))
