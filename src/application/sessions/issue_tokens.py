from dataclasses import dataclass, field
from datetime import datetime
from typing import final

from doorward.application.ports.security import AccessTokens, IssuedToken
from doorward.domain.accounts.user import User
from doorward.domain.sessions.refresh_token import RefreshToken
from doorward.domain.sessions.session import Session, SessionPolicy


@dataclass(frozen=True, slots=True)
class SignedIn:
    user: User
    session: Session
    access_token: IssuedToken = field(repr=False)
    refresh_token: IssuedToken = field(repr=False)
    retried: bool = False
    """Whether the tokens answer a refresh token that had been rotated already, by a client that lost the response."""


@final
@dataclass(frozen=True, slots=True)
class IssueTokens:
    """Issues the access token and the refresh token of a session. Neither is valid after the session ends."""

    tokens: AccessTokens
    policy: SessionPolicy

    def __call__(self, user: User, session: Session, refresh_token: RefreshToken, now: datetime) -> SignedIn:
        ends_at = session.ends_at(self.policy)
        return SignedIn(
            user,
            session,
            self.tokens.issue(user, session.id, now, ends_at),
            IssuedToken(refresh_token.value, int((ends_at - now).total_seconds())),
        )
