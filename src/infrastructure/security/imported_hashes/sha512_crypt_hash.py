"""SHA-512-crypt, as Linux writes it to /etc/shadow."""

import re
from dataclasses import dataclass, field
from math import ceil
from typing import Final, Self, final

from doorward.infrastructure.security.imported_hashes.imported_hash import UnusableHash

FORM = re.compile(r"\$6\$(?:rounds=([1-9]\d{3,8})\$)?[./A-Za-z0-9]{0,16}\$[./A-Za-z0-9]{86}", re.ASCII)
DEFAULT_ROUNDS: Final = 5_000
MAX_ROUNDS: Final = 656_000
"""Passlib's default. The computation is in Python, and holds the interpreter's lock."""

ROUNDS_PER_UNIT_OF_WORK: Final = 20_000


@final
@dataclass(frozen=True, slots=True)
class Sha512CryptHash:
    text: str = field(repr=False)
    work: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return None for a hash of another kind. Raise UnusableHash."""
        if not text.startswith("$6$"):
            return None
        found = FORM.fullmatch(text)
        if not found:
            raise UnusableHash("malformed SHA-512-crypt")
        rounds = int(found[1] or DEFAULT_ROUNDS)
        if rounds > MAX_ROUNDS:
            raise UnusableHash(f"SHA-512-crypt must have at most {MAX_ROUNDS} rounds")
        return cls(text, ceil(rounds / ROUNDS_PER_UNIT_OF_WORK))

    def matches(self, password: bytes) -> bool:
        from passlib.hash import sha512_crypt  # noqa: PLC0415 most services need none

        return b"\0" not in password and bool(sha512_crypt.verify(password, self.text))
