from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Algorithm = Literal["ES256", "EdDSA", "RS256"]
"""RFC 7518 and 8037. One key, one algorithm: the key decides, never the token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key as it is stored: sealed, so that a dump of the database mints nothing.

    `kid` is the RFC 7638 thumbprint. Every stored key verifies; the one that began signing last signs.
    """

    kid: str
    algorithm: Algorithm
    sealed: bytes = field(repr=False)
    created_at: datetime
    signs_from: datetime


def signing_at(keys: tuple[SigningKey, ...], now: datetime) -> SigningKey | None:
    """The key that signs at `now`: of those that may sign by then, the latest."""
    ready = [key for key in keys if key.signs_from <= now]
    return max(ready, key=lambda key: (key.signs_from, key.kid), default=None)
