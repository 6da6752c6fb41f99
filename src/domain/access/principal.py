from dataclasses import dataclass
from datetime import datetime, timedelta

from doorward.domain.ids import SessionId, TokenId, UserId

MAX_ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
"""Of an access token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What a verified access token says (RFC 9068). Its roles are for other services: here the directory decides."""

    subject: UserId
    id: TokenId
    session_id: SessionId
    epoch: int
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is asking: an account whose token was verified and whose access was decided for this very request."""

    user_id: UserId
    session_id: SessionId
