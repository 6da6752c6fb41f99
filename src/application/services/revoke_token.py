from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.ports.security import AccessTokens, RefreshTokens
from doorward.application.ports.storage import Storage
from doorward.application.sessions.end_session import EndSession
from doorward.domain.errors import InvalidRefreshToken, InvalidToken, Missing
from doorward.domain.ids import SessionId, UserId
from doorward.domain.services.service import Service
from doorward.domain.sessions.session import SessionPolicy, Standing


@final
@dataclass(frozen=True, slots=True)
class RevokeToken:
    """Ends the session of a token for whoever presents the token (RFC 7009, section 2).

    The token is a refresh token, current or rotated, or an access token that has not expired. For any other token
    nothing happens, and the caller does not learn it.
    """

    storage: Storage
    tokens: AccessTokens
    refresh_tokens: RefreshTokens
    end: EndSession
    policy: SessionPolicy

    async def __call__(self, token: str, now: datetime, by: Service) -> None:
        named = await self._session_of(token, now)
        if named is None:
            return
        with suppress(Missing):  # the session has ended already, as requested
            await self.end(*named, by)

    async def _session_of(self, token: str, now: datetime) -> tuple[UserId, SessionId] | None:
        try:
            access = self.tokens.verify(token, now)
        except InvalidToken:
            return await self._refreshed_by(token, now)
        return access.subject, access.session_id

    async def _refreshed_by(self, value: str, now: datetime) -> tuple[UserId, SessionId] | None:
        try:
            token = self.refresh_tokens.read(value)
        except InvalidRefreshToken:
            return None
        async with self.storage.reading() as reading:
            session = await reading.sessions.get(token.session_id)
        if session is None:
            return None
        standing = session.standing(token.hash, genuine=token.genuine, policy=self.policy, now=now)
        return None if standing is Standing.INVALID else (session.user_id, session.id)
