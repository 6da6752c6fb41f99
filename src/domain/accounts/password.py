import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NewType, Self

from doorward.domain.accounts.username import fold
from doorward.domain.errors import PasswordBlocked, PasswordTooLong, PasswordTooShort

PasswordHash = NewType("PasswordHash", str)
"""A PHC string, such as `$argon2id$v=19$m=19456,t=2,p=1$...`. As secret as the password."""

LONGEST = 256
LONGEST_BYTES = 1024
SHORTEST_FORBIDDEN_WORD = 4
"""Characters; shorter names are part of other words by chance."""

MIN_DIFFERENT_CHARACTERS = 4
SERVICE = "doorward"


@dataclass(frozen=True, slots=True)
class Password:
    """A password as it is hashed: in NFKC (NIST SP 800-63B-4, 3.1.1.2), so that it verifies however it was typed."""

    value: str = field(repr=False)
    length: int = field(compare=False)
    """Code points, as typed or as normalised, whichever is less: one character may normalise to eighteen."""
    raw: str | None = field(default=None, repr=False, compare=False)
    """As typed, where that is something else: an imported hash may be of that."""

    @classmethod
    def typed(cls, raw: str) -> Self:
        """What is oversized stays as it is: it is refused, and to normalise it would take its time."""
        if is_oversized(raw):
            return cls(raw, len(raw))
        value = unicodedata.normalize("NFKC", raw)
        return cls(value, min(len(raw), len(value)), raw if raw != value else None)

    @property
    def oversized(self) -> bool:
        """Over 256 code points or 1,024 bytes: never hashed, never cut."""
        return is_oversized(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """The rules that need no list: length, and no word that everybody knows of the account.

    No composition rules (NIST SP 800-63B-4, 3.1.1.2). Lengths are in code points.
    """

    shortest: int = 15

    def check(self, password: Password, known: Iterable[str]) -> None:
        """Raise PasswordTooShort, PasswordTooLong or PasswordBlocked; `known`: username, email, ..."""
        if password.oversized:
            raise PasswordTooLong(f"Use at most {LONGEST} characters ({LONGEST_BYTES} bytes).")
        if password.length < self.shortest:
            raise PasswordTooShort(f"Use at least {self.shortest} characters; several words make a good password.")
        folded = fold(password.value)
        for word in account_words(known):
            if len(word) >= SHORTEST_FORBIDDEN_WORD and word in folded:
                raise PasswordBlocked("The password must not contain the username, the email or the service's name.")
        if len(set(folded)) < MIN_DIFFERENT_CHARACTERS:
            raise PasswordBlocked(
                f"The password has fewer than {MIN_DIFFERENT_CHARACTERS} different characters. Use several words."
            )


def is_oversized(text: str) -> bool:
    return len(text) > LONGEST or len(text.encode("utf-8", "surrogatepass")) > LONGEST_BYTES


def account_words(known: Iterable[str]) -> Iterator[str]:
    """What everybody knows of an account, folded: each text of `known`, local parts of emails, the service's name."""
    for text in (*known, SERVICE):
        folded = fold(text)
        yield from dict.fromkeys(word for word in (folded, folded.partition("@")[0]) if word)
