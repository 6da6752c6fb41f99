"""Identifiers: UUID version 7 (RFC 9562, section 5.7), so that primary keys grow with time."""

import secrets
from datetime import datetime
from typing import NewType
from uuid import UUID

UserId = NewType("UserId", UUID)
SessionId = NewType("SessionId", UUID)
TokenId = NewType("TokenId", UUID)

MILLISECONDS = 1000


def uuid7(now: datetime) -> UUID:
    """48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = int(now.timestamp() * MILLISECONDS)
    random = secrets.randbits(74)
    high, low = random >> 62, random & (1 << 62) - 1
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
