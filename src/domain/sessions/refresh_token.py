from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from doorward.domain.ids import SessionId

RefreshTokenHash = NewType("RefreshTokenHash", bytes)
"""The SHA-256 hash of a refresh token. The token itself is never stored."""

FINGERPRINT_BYTES = 8
"""The first bytes of a hash; enough to distinguish the rotated tokens of one session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """An opaque token with 256 secret bits, bound to one session.

    `genuine` states that this service issued it, whether or not it is still valid. Only a genuine token can have been
    stolen.
    """

    value: str = field(repr=False)
    session_id: SessionId
    hash: RefreshTokenHash = field(repr=False)
    genuine: bool = True


@dataclass(frozen=True, slots=True)
class RotatedToken:
    """A refresh token that was replaced by its successor at `rotated_at`. The session keeps its fingerprint, to
    recognise a client that did not receive the response."""

    fingerprint: bytes
    rotated_at: datetime


def fingerprint(token_hash: RefreshTokenHash) -> bytes:
    """Return the first FINGERPRINT_BYTES of the hash."""
    return token_hash[:FINGERPRINT_BYTES]
