from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from doorward.domain.ids import SessionId

RefreshTokenHash = NewType("RefreshTokenHash", bytes)
"""SHA-256 of a refresh token: all that is ever stored of one."""

MARK = 8
"""Bytes of a hash that are enough to tell a session's spent tokens apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """An opaque token of 256 secret bits, bound to one session.

    `genuine` tells that we made it, whether or not it is still of use: only what we made can have been stolen.
    """

    value: str = field(repr=False)
    session_id: SessionId
    hash: RefreshTokenHash = field(repr=False)
    genuine: bool = True


@dataclass(frozen=True, slots=True)
class SpentToken:
    """A token that was rotated away at `at`, to be known again when its holder did not get the answer."""

    mark: bytes
    at: datetime


def mark(token_hash: RefreshTokenHash) -> bytes:
    return token_hash[:MARK]
