from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Self

from doorward.domain.access.principal import MAX_ACCESS_TOKEN_LIFETIME

Algorithm = Literal["ES256", "EdDSA", "RS256"]
"""RFC 7518 and RFC 8037. Each key has one algorithm: the key decides which, never the token."""

PROPAGATION_TIME = timedelta(seconds=5)
"""How long a node whose clock is behind may still sign with a key that has a successor."""

CLOCK_TOLERANCE = timedelta(minutes=1)
"""The additional time before a key is deleted, because the clocks of nodes differ."""

SHORTEST_INTERVAL = timedelta(microseconds=1)


class KeyState(StrEnum):
    """Every key that is not revoked passes through all states, in this order."""

    NEXT = "next"
    """Published but not signing yet, so that every service has read it before it signs."""
    ACTIVE = "active"
    """Signs. Exactly one key is active whenever there are keys."""
    RETIRING = "retiring"
    """Signs no more, and verifies until the last token that it signed has expired."""
    GONE = "gone"
    """Every token that it signed has expired. It is not published any more, and is deleted soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key as it is stored: sealed, so that a copy of the database is not enough to sign tokens.

    `kid` is its thumbprint (RFC 7638). A key signs from `signs_from` until the `signs_from` of its successor.
    """

    kid: str
    algorithm: Algorithm
    sealed: bytes = field(repr=False)
    created_at: datetime
    signs_from: datetime

    def beginning(self, moment: datetime) -> Self:
        """Return the key with another time from which it signs."""
        return replace(self, signs_from=moment)


def signing_at(keys: Sequence[SigningKey], now: datetime) -> SigningKey | None:
    """Return the key that signs at `now`: the latest of those that have begun to sign.

    If none has begun, for example because the clock was set back, the earliest key signs. Therefore a key signs
    whenever there is a key; None means that there is none.
    """
    begun = [key for key in keys if key.signs_from <= now]
    return max(begun, key=signing_order) if begun else min(keys, key=signing_order, default=None)


def may_have_signed(key: SigningKey, keys: Sequence[SigningKey], moment: datetime) -> bool:
    """Return whether `key`, one of `keys`, may have signed in the second that begins at `moment`.

    Tokens state their time in whole seconds. A node may have learnt of a successor PROPAGATION_TIME late. No key signs
    before its time but the first one, which `signing_at` falls back to.
    """
    successor = successor_of(key, keys)
    if successor is not None and moment >= successor.signs_from + PROPAGATION_TIME:
        return False
    return moment >= key.signs_from.replace(microsecond=0) or key == min(keys, key=signing_order)


def state_of(
    key: SigningKey, keys: Sequence[SigningKey], now: datetime, lifetime: timedelta = MAX_ACCESS_TOKEN_LIFETIME
) -> KeyState:
    """Return the state of `key`, one of `keys`, at `now`. `lifetime` is that of the longest token."""
    if key == signing_at(keys, now):
        return KeyState.ACTIVE
    successor = successor_of(key, keys)
    if successor is None or key.signs_from > now:
        return KeyState.NEXT
    last_token_expires_at = successor.signs_from + PROPAGATION_TIME + lifetime
    return KeyState.GONE if now >= last_token_expires_at + CLOCK_TOLERANCE else KeyState.RETIRING


def expired_keys(
    keys: Sequence[SigningKey], now: datetime, lifetime: timedelta = MAX_ACCESS_TOKEN_LIFETIME
) -> list[SigningKey]:
    """Return the keys that verify no valid token any more. `lifetime` is that of the longest token."""
    return [key for key in keys if state_of(key, keys, now, lifetime) is KeyState.GONE]


def signing_start(keys: Sequence[SigningKey], now: datetime, after: timedelta) -> datetime:
    """Return from when a key that is added to `keys` at `now` signs.

    This is `now + after`, and in any case later than the start of the key that signs now, so that the new key follows
    it even if clocks differ. The first key of all signs at once.
    """
    signing = signing_at(keys, now)
    return now if signing is None else max(now + after, signing.signs_from + SHORTEST_INTERVAL)


def successor_of(key: SigningKey, keys: Sequence[SigningKey]) -> SigningKey | None:
    """Return the key that signs directly after `key`, or None for the last one."""
    later = (other for other in keys if signing_order(other) > signing_order(key))
    return min(later, key=signing_order, default=None)


def signing_order(key: SigningKey) -> tuple[datetime, str]:
    """Return the sort key of the order in which keys sign."""
    return key.signs_from, key.kid
