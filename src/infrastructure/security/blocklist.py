import re
from dataclasses import dataclass, field
from functools import cache
from math import log2
from pathlib import Path
from typing import Self, final

from doorward.domain.accounts.password import Password
from doorward.domain.accounts.username import fold
from doorward.infrastructure.security.guesses import bits
from doorward.infrastructure.settings.start_refused import StartRefused

HERE = Path(__file__).parent
ENOUGH = 22.0
"""Bits: four million guesses. Three words pass, unless all of them are among the commonest passwords themselves."""

SEPARATORS = re.compile(r"[\s_.,:;'+/-]+")
SEPARATED = 2.0


@final
@dataclass(frozen=True, slots=True)
class CommonPasswords:
    """Passwords that are tried first: some thousands written down, all that a guesser of common words, runs, keyboard
    walks and years reaches within four million guesses, and the operator's own. Case is folded throughout."""

    extra: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def load(cls, extra: Path | None) -> Self:
        """`extra`: one password a line, in UTF-8. Raise StartRefused when it cannot be read. The built-in lists are
        read when they are first needed."""
        if extra is None:
            return cls()
        try:
            text = extra.read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise StartRefused(f"the password blocklist {extra} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise StartRefused(f"the password blocklist {extra} is not UTF-8: save it as UTF-8") from error
        return cls(frozenset(fold(line.removesuffix("\r")) for line in text.split("\n") if line.strip()))

    def blocks(self, password: Password) -> bool:
        folded = fold(password.value)
        if folded in self.extra or folded in whole_passwords():
            return True
        if bits(folded, words(), ENOUGH) <= ENOUGH:
            return True
        joined = SEPARATORS.sub("", folded)
        if joined == folded:
            return False
        return joined in whole_passwords() or bits(joined, words(), ENOUGH - SEPARATED) <= ENOUGH - SEPARATED


@cache
def whole_passwords() -> frozenset[str]:
    """At least 3,000 of 15 characters and more."""
    return frozenset((HERE / "common_passwords.txt").read_text("ascii").split())


@cache
def words() -> dict[str, float]:
    """What passwords are made of, and the bits of each by its rank."""
    ranked = (HERE / "common_words.txt").read_text("ascii").split()
    return {word: 1 + log2(rank) for rank, word in enumerate(ranked, 1)}
