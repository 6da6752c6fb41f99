"""What every kind of imported hash promises."""

from base64 import b64decode
from typing import Final, Protocol

MAX_IMPORTED_WORK: Final = 80
"""The largest work of a hash of another kind than Argon2, in units of the work of a hash of Doorward's own
(docs/decisions/passwords.md). bcrypt at cost 14 has 76, which is about a second."""


SALT_TEXT: Final = r"([!-#%-~]{1,64})"
"""A group for a salt that is used as text: visible characters of ASCII, without the dollar that ends it."""


class UnusableHash(Exception):
    """The hash cannot be used. The text says why, and contains no part of the hash."""


class ImportedHash(Protocol):
    """A hash of a known kind, whose parameters are within the limits."""

    @property
    def work(self) -> int:
        """What it costs to compute, in units of the work of a hash of Doorward's own."""
        ...

    def matches(self, password: bytes) -> bool:
        """Return whether this is the hash of the password, which is UTF-8. It takes up to a second."""
        ...


def require_affordable(work: int) -> int:
    """Return the work. Raise UnusableHash if it exceeds MAX_IMPORTED_WORK."""
    if work > MAX_IMPORTED_WORK:
        raise UnusableHash("absurd parameters")
    return work


def decoded(base64: str) -> bytes:
    """Decode base64 with or without padding. `.` may stand for `+`, as Passlib writes it. Raise UnusableHash."""
    text = base64.rstrip("=").replace(".", "+")
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        raise UnusableHash("malformed") from error
