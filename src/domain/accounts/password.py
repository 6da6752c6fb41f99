import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NewType, Self

from doorward.domain.accounts.username import fold
from doorward.domain.errors import PasswordBlocked, PasswordTooLong, PasswordTooShort

PasswordHash = NewType("PasswordHash", str)
"""A PHC string, such as `$argon2id$v=19$m=19456,t=2,p=1$...`, or an imported hash in the form of another system. It is
as secret as the password."""

MAX_PASSWORD_CHARACTERS = 256
MAX_PASSWORD_BYTES = 1024
MIN_FORBIDDEN_WORD_CHARACTERS = 4
"""Shorter names may be a part of other words by chance."""

MIN_DIFFERENT_CHARACTERS = 4
SERVICE_NAME = "doorward"


@dataclass(frozen=True, slots=True)
class Password:
    """A password in NFKC (NIST SP 800-63B-4, section 3.1.1.2), so that it verifies however it was typed."""

    value: str = field(repr=False)
    length: int = field(compare=False)
    """The number of code points as typed or as normalised, whichever is less: one character may normalise to 18."""
    raw: str | None = field(default=None, repr=False, compare=False)
    """The password as typed if that differs from `value`. An imported hash may be a hash of it."""

    @classmethod
    def typed(cls, raw: str) -> Self:
        """Return the normalised password. An oversized one is not normalised, which would take long: it is refused."""
        if is_oversized(raw):
            return cls(raw, len(raw))
        value = unicodedata.normalize("NFKC", raw)
        return cls(value, min(len(raw), len(value)), raw if raw != value else None)

    @property
    def oversized(self) -> bool:
        """Whether the password exceeds 256 code points or 1,024 bytes. Such a password is neither hashed nor cut."""
        return is_oversized(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """The rules that need no list: the length, and no word that belongs to the account.

    There are no composition rules (NIST SP 800-63B-4, section 3.1.1.2). Lengths are in code points.
    """

    min_characters: int = 15

    def check(self, password: Password, known: Iterable[str]) -> None:
        """Raise PasswordTooShort, PasswordTooLong or PasswordBlocked. `known` are the username, the email and so on."""
        if password.oversized:
            raise PasswordTooLong(f"Use at most {MAX_PASSWORD_CHARACTERS} characters ({MAX_PASSWORD_BYTES} bytes).")
        if password.length < self.min_characters:
            raise PasswordTooShort(
                f"Use at least {self.min_characters} characters; several words make a good password."
            )
        folded = fold(password.value)
        for word in account_words(known):
            if len(word) >= MIN_FORBIDDEN_WORD_CHARACTERS and word in folded:
                raise PasswordBlocked("The password must not contain the username, the email or the service's name.")
        if len(set(folded)) < MIN_DIFFERENT_CHARACTERS:
            raise PasswordBlocked(
                f"The password has fewer than {MIN_DIFFERENT_CHARACTERS} different characters. Use several words."
            )


def is_oversized(text: str) -> bool:
    return len(text) > MAX_PASSWORD_CHARACTERS or len(text.encode("utf-8", "surrogatepass")) > MAX_PASSWORD_BYTES


def account_words(known: Iterable[str]) -> Iterator[str]:
    """Yield the folded words that belong to an account: `known`, the local parts of emails, the service's name."""
    for text in (*known, SERVICE_NAME):
        folded = fold(text)
        yield from dict.fromkeys(word for word in (folded, folded.partition("@")[0]) if word)
