from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.authorize_role import AuthorizeRole
from doorward.application.change_feed.directory import AccessDirectory
from doorward.application.ports.security import AccessTokens, RefreshTokens
from doorward.application.ports.storage import Storage
from doorward.domain.access.decision import SIGNED_IN, Access
from doorward.domain.access.principal import AccessToken
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidRefreshToken, InvalidToken
from doorward.domain.sessions.refresh_token import RefreshToken
from doorward.domain.sessions.session import Session, SessionPolicy, Standing


@dataclass(frozen=True, slots=True)
class ActiveAccessToken:
    """An access token that the guard accepts now."""

    token: AccessToken
    access: Access
    """The account as it is now. Its roles may differ from those in the token."""


@dataclass(frozen=True, slots=True)
class ActiveRefreshToken:
    """The current refresh token of a session, which ends at `ends_at`."""

    session: Session
    user: User
    ends_at: datetime


ActiveToken = ActiveAccessToken | ActiveRefreshToken


@final
@dataclass(frozen=True, slots=True)
class IntrospectToken:
    """Returns a token with its account if the token is active now (RFC 7662, section 2).

    Nothing is changed: a refresh token is not rotated, and one that was rotated is not reported as stolen.
    """

    storage: Storage
    tokens: AccessTokens
    refresh_tokens: RefreshTokens
    authorize: AuthorizeRole
    directory: AccessDirectory
    policy: SessionPolicy

    async def __call__(self, token: str, now: datetime) -> ActiveToken | None:
        """Return the active token, or None for any other. Its format shows the kind, so no hint is used."""
        try:
            return await self._active_access_token(self.tokens.verify(token, now), now)
        except InvalidToken:
            pass
        try:
            return await self._active_refresh_token(self.refresh_tokens.read(token), now)
        except InvalidRefreshToken:
            return None

    async def _active_access_token(self, token: AccessToken, now: datetime) -> ActiveAccessToken | None:
        """Return the token if the guard would accept it. Usually this reads no database, as in the guard."""
        if not (await self.authorize(token, SIGNED_IN, now)).allowed:
            return None
        access = await self.directory.access(token.subject)
        return None if access is None else ActiveAccessToken(token, access)

    async def _active_refresh_token(self, token: RefreshToken, now: datetime) -> ActiveRefreshToken | None:
        """Return the token if it is the current refresh token of its session."""
        async with self.storage.reading() as reading:
            found = await reading.sessions.with_user(token.session_id)
        if found is None:
            return None
        session, user = found
        standing = session.standing(token.hash, genuine=token.genuine, policy=self.policy, now=now)
        if not user.is_enabled_at(now) or standing is not Standing.CURRENT:
            return None
        return ActiveRefreshToken(session, user, session.ends_at(self.policy))
