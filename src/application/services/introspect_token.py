from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.authorize_role import AuthorizeRole
from doorward.application.change_feed.directory import AccessDirectory
from doorward.application.ports.security import AccessTokens, RefreshTokens
from doorward.application.ports.storage import Storage
from doorward.domain.access.decision import SIGNED_IN
from doorward.domain.access.principal import AccessToken
from doorward.domain.access.role import RoleName
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidRefreshToken, InvalidToken
from doorward.domain.sessions.refresh_token import RefreshToken
from doorward.domain.sessions.session import Session, SessionPolicy, Standing


@dataclass(frozen=True, slots=True)
class ActiveAccessToken:
    token: AccessToken
    user: User
    roles: frozenset[RoleName]
    """The roles that the account has now, whatever the token says."""


@dataclass(frozen=True, slots=True)
class ActiveRefreshToken:
    session: Session
    user: User
    ends_at: datetime


ActiveToken = ActiveAccessToken | ActiveRefreshToken


@final
@dataclass(frozen=True, slots=True)
class IntrospectToken:
    """Returns whether a token is active now (RFC 7662, section 2). It changes nothing: it rotates no refresh token, and
    a rotated one raises no alarm."""

    storage: Storage
    tokens: AccessTokens
    refresh_tokens: RefreshTokens
    authorize: AuthorizeRole
    directory: AccessDirectory
    policy: SessionPolicy

    async def __call__(self, token: str, now: datetime) -> ActiveToken | None:
        """Return the active token, or None for any other token. The two kinds differ in their form, so no hint is
        needed."""
        try:
            return await self._access(self.tokens.verify(token, now))
        except InvalidToken:
            pass
        try:
            return await self._refresh(self.refresh_tokens.read(token), now)
        except InvalidRefreshToken:
            return None

    async def _access(self, token: AccessToken) -> ActiveAccessToken | None:
        """Return the token if the guard would accept it and its session still exists, even if somebody deleted the
        session by hand."""
        if not (await self.authorize(token, SIGNED_IN)).allowed:
            return None
        access = await self.directory.access(token.subject)
        async with self.storage.reading() as reading:
            found = await reading.sessions.with_user(token.session_id)
        if access is None or found is None:
            return None
        _, user = found
        return ActiveAccessToken(token, user, access.roles)

    async def _refresh(self, token: RefreshToken, now: datetime) -> ActiveRefreshToken | None:
        """Return the token if it is the one that its session is refreshed with next."""
        async with self.storage.reading() as reading:
            found = await reading.sessions.with_user(token.session_id)
        if found is None:
            return None
        session, user = found
        standing = session.standing(token.hash, genuine=token.genuine, policy=self.policy, now=now)
        if user.disabled or standing is not Standing.CURRENT:
            return None
        return ActiveRefreshToken(session, user, session.ends_at(self.policy))
