"""bcrypt, as Node.js (bcryptjs), PHP, Rails, Spring and Supabase write it."""

import re
from dataclasses import dataclass, field
from math import ceil
from typing import Final, Self, final

from doorward.infrastructure.security.imported_hashes.imported_hash import UnusableHash

FORM = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}", re.ASCII)
MIN_COST, MAX_COST = 4, 14
WORK_OF_COST_10: Final = 4.7
MAX_PASSWORD_BYTES: Final = 72
"""bcrypt reads no more, and the other systems cut what is longer."""


@final
@dataclass(frozen=True, slots=True)
class BcryptHash:
    text: str = field(repr=False)
    work: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return None for a hash of another kind. Raise UnusableHash."""
        if not text.startswith("$2"):
            return None
        found = FORM.fullmatch(text)
        if not found:
            raise UnusableHash("malformed bcrypt, or not one of $2a$, $2b$ and $2y$")
        cost = int(found[1])
        if not MIN_COST <= cost <= MAX_COST:
            raise UnusableHash(f"the cost of bcrypt must be {MIN_COST} to {MAX_COST}")
        return cls(text, ceil(WORK_OF_COST_10 * 2 ** (cost - 10)))

    def matches(self, password: bytes) -> bool:
        import bcrypt  # noqa: PLC0415 most services need none

        return bcrypt.checkpw(password[:MAX_PASSWORD_BYTES], self.text.encode())
