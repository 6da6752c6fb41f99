"""Identifiers of version 7 (RFC 9562, section 5.7), so that primary keys grow with time."""

import secrets
from datetime import datetime
from typing import NewType
from uuid import UUID

UserId = NewType("UserId", UUID)
SessionId = NewType("SessionId", UUID)
TokenId = NewType("TokenId", UUID)
LetterId = NewType("LetterId", UUID)
InvitationId = NewType("InvitationId", UUID)

MILLISECONDS_PER_SECOND = 1000


def uuid7(now: datetime) -> UUID:
    """Return a new identifier: 48 bits of Unix time in milliseconds, then 74 random bits."""
    milliseconds = int(now.timestamp() * MILLISECONDS_PER_SECOND)
    random = secrets.randbits(74)
    high, low = random >> 62, random & (1 << 62) - 1
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
