from dataclasses import dataclass
from datetime import datetime, timedelta

from doorward.domain.access.decision import Requirement
from doorward.domain.ids import SessionId, TokenId, UserId

MAX_ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
MAX_TUTORIAL_ACCESS_TOKEN_LIFETIME = timedelta(days=1)
"""The limit in the tutorial dialect, some of whose clients cannot refresh a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """The claims of a verified access token (RFC 9068).

    Its roles are for other services; in this service the access directory decides.
    """

    subject: UserId
    id: TokenId
    session_id: SessionId
    epoch: int
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The account and the session of a request whose access token was verified and whose access was granted."""

    user_id: UserId
    session_id: SessionId
    epoch: int
    """The epoch in which the access token was issued."""
    requirement: Requirement
    """What the account met when the request was admitted."""
    admitted_at: datetime
    address: str = ""
    """The IP address of the client, for the audit log."""

    @property
    def log_name(self) -> str:
        """Return the actor as the security log names it."""
        return str(self.user_id)
