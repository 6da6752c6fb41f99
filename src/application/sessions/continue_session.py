from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.ports.security import RefreshTokens, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.sessions.issue_tokens import IssueTokens, SignedIn
from doorward.application.sessions.token_reuse import token_reused
from doorward.application.transactions import retried
from doorward.domain.accounts.user import User
from doorward.domain.audit.source import UNKNOWN_VISITOR, Source
from doorward.domain.errors import (
    InvalidRefreshToken,
    KeptTokenReused,
    RefreshTokenExpired,
    RefreshTokenMissing,
    RefreshTokenUnknown,
    TransactionConflict,
)
from doorward.domain.sessions.refresh_token import RefreshToken
from doorward.domain.sessions.session import Session, SessionPolicy, Standing


@final
@dataclass(frozen=True, slots=True)
class ContinueSession:
    """Continues a session without rotating its refresh token, for clients of the tutorial's family, which keep the
    token of their sign-in.

    Only a session whose token was never rotated can be continued so. Whoever presents a rotated token here has another
    client's token: the session ends. `docs/decisions/kept-refresh-tokens.md` gives the reasons.
    """

    storage: Storage
    refresh_tokens: RefreshTokens
    issue: IssueTokens
    policy: SessionPolicy
    log: SecurityLog

    async def __call__(self, presented: str | None, now: datetime, by: Source = UNKNOWN_VISITOR) -> SignedIn:
        """Raise RefreshTokenMissing, RefreshTokenUnknown, RefreshTokenExpired, or KeptTokenReused if the reuse ended
        the session."""
        if presented is None:
            raise RefreshTokenMissing
        try:
            token = self.refresh_tokens.read(presented)
        except InvalidRefreshToken:
            self.log.record(SecurityEvent.AUTHN_REFRESH_FAIL, reason="malformed")
            raise RefreshTokenUnknown from None
        if not token.genuine and not await self._is_current(token):
            raise self._refused(RefreshTokenUnknown(), token)
        standing, session, user = await self._decided(token, now, by)
        if standing is Standing.REUSED:
            self.log.record(SecurityEvent.AUTHN_TOKEN_REUSE, user_id=str(user.id), session_id=str(session.id))
            raise KeptTokenReused
        if standing is not Standing.CURRENT:
            expired = session.token_hash == token.hash and session.is_over(self.policy, now)
            raise self._refused(RefreshTokenExpired() if expired else RefreshTokenUnknown(), token)
        self.log.record(SecurityEvent.SESSION_RENEWED, user_id=str(user.id), session_id=str(session.id), rotated=False)
        return self.issue(user, session, token, now)

    def _refused(self, refusal: InvalidRefreshToken, token: RefreshToken) -> InvalidRefreshToken:
        self.log.record(SecurityEvent.AUTHN_REFRESH_FAIL, reason="void", session_id=str(token.session_id))
        return refusal

    async def _is_current(self, token: RefreshToken) -> bool:
        """Return whether a token that is not genuine under the present secrets still is that of its session, issued
        under an earlier secret. A made-up token therefore costs one read and no transaction."""
        async with self.storage.reading() as reading:
            session = await reading.sessions.get(token.session_id)
        return session is not None and session.token_hash == token.hash

    @retried
    async def _decided(self, token: RefreshToken, now: datetime, by: Source) -> tuple[Standing, Session, User]:
        """Keep the token in one transaction. A reuse is decided here but refused outside, because raising would roll
        the end of the session back. Raise RefreshTokenUnknown without a session, and for a disabled account, whose
        token stays valid for when the account is enabled again."""
        async with self.storage.transaction() as tx:
            kept = await tx.sessions.keep_token(token.session_id, token.hash, self.policy, now)
            found = await tx.sessions.with_user(token.session_id)
            if found is None:
                raise self._refused(RefreshTokenUnknown(), token)
            session, user = found
            if not user.is_enabled_at(now):
                self.log.record(SecurityEvent.AUTHN_REFRESH_FAIL, reason="account_disabled", user_id=str(user.id))
                raise RefreshTokenUnknown
            if kept:
                return Standing.CURRENT, session, user
            standing = session.standing(token.hash, genuine=token.genuine, policy=self.policy, now=now)
            if standing is Standing.CURRENT:
                if not session.has_ever_rotated:
                    raise TransactionConflict(cause="session_changed")
                return Standing.INVALID, session, user
            if standing is Standing.INVALID:
                return standing, session, user
            await tx.users.lock(user.id)
            await tx.sessions.end([session])
            await tx.audit.append(token_reused(session, by))
            return Standing.REUSED, session, user
