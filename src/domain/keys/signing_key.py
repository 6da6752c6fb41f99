from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Self

from doorward.domain.access.principal import LONGEST_LIFE

Algorithm = Literal["ES256", "EdDSA", "RS256"]
"""RFC 7518 and 8037. One key, one algorithm: the key decides, never the token."""

LATE = timedelta(seconds=5)
"""How long a node whose clock is behind may go on with a key that has a successor."""

SLACK = timedelta(minutes=1)
"""For clocks that differ: what is forgotten is forgotten later rather than sooner."""

MOMENT = timedelta(microseconds=1)


class KeyState(StrEnum):
    """Every key but a revoked one goes through all of them, in this order."""

    NEXT = "next"
    """Published, so that everybody can verify with it by the time it signs."""
    ACTIVE = "active"
    """Signs. There is one, whenever there are keys."""
    RETIRING = "retiring"
    """Signs no more, and verifies until the last token that it signed is out."""
    GONE = "gone"
    """Nothing that it signed is good any more; it is published no longer, and soon forgotten."""


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

    def beginning(self, moment: datetime) -> Self:
        """The same key with another time from which it signs."""
        return replace(self, signs_from=moment)


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
    successor = successor_of(key, keys)
    if successor is not None and moment >= successor.signs_from + LATE:
        return False
    return moment >= key.signs_from.replace(microsecond=0) or key == min(keys, key=turn)


def state_of(key: SigningKey, keys: Sequence[SigningKey], now: datetime) -> KeyState:
    """Of `key`, one of `keys`. It is gone when the longest token of the last moment at which it may have signed is."""
    if key == signing_at(keys, now):
        return KeyState.ACTIVE
    successor = successor_of(key, keys)
    if successor is None or key.signs_from > now:
        return KeyState.NEXT
    return KeyState.GONE if now >= successor.signs_from + LATE + LONGEST_LIFE + SLACK else KeyState.RETIRING


def first_turn(keys: Sequence[SigningKey], now: datetime, after: timedelta) -> datetime:
    """From when a key that joins `keys` at `now` signs: `after` that, and in any case after the one that signs now, so
    that it comes behind it in the order even if the clocks differ. The first of all signs at once."""
    signing = signing_at(keys, now)
    return now if signing is None else max(now + after, signing.signs_from + MOMENT)


def successor_of(key: SigningKey, keys: Sequence[SigningKey]) -> SigningKey | None:
    return min((other for other in keys if turn(other) > turn(key)), key=turn, default=None)


def turn(key: SigningKey) -> tuple[datetime, str]:
    """Keys sign one after the other, in this order."""
    return key.signs_from, key.kid
