from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Algorithm = Literal["ES256", "EdDSA", "RS256"]
"""RFC 7518 and 8037. One key, one algorithm: the key decides, never the token."""

LATE = timedelta(seconds=5)
"""How long a node whose clock is behind may go on with a key that has a successor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key as it is stored: sealed, so that a dump of the database mints nothing.

    `kid` is the RFC 7638 thumbprint. The key that began signing last signs, until its successor begins.
    """

    kid: str
    algorithm: Algorithm
    sealed: bytes = field(repr=False)
    created_at: datetime
    signs_from: datetime


def signing_at(keys: Sequence[SigningKey], now: datetime) -> SigningKey | None:
    """The key that signs at `now`: of those that may sign by then, the latest. Where none may, as after the clock was
    set back, the earliest of all signs: there is always a key that signs when there is a key."""
    ready = [key for key in keys if key.signs_from <= now]
    return max(ready, key=turn) if ready else min(keys, key=turn, default=None)


def may_have_signed(key: SigningKey, keys: Sequence[SigningKey], moment: datetime) -> bool:
    """Whether `key`, one of `keys`, was the one to sign in the second that begins at `moment` (tokens tell no more of
    their time); nodes may have been LATE to hear of its successor.

    No key signs before its time but the first of all, which `signing_at` falls back to.
    """
    successor = min((other for other in keys if turn(other) > turn(key)), key=turn, default=None)
    if successor is not None and moment >= successor.signs_from + LATE:
        return False
    return moment >= key.signs_from.replace(microsecond=0) or key == min(keys, key=turn)


def turn(key: SigningKey) -> tuple[datetime, str]:
    """Keys sign one after the other, in this order."""
    return key.signs_from, key.kid
