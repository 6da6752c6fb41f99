import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import final

from doorward.application.ports.security import RefreshTokens, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.sessions.issue_tokens import IssueTokens, SignedIn
from doorward.application.sessions.repeated_refreshes import RepeatedRefreshes
from doorward.application.sessions.token_reuse import token_reused
from doorward.application.transactions import retried
from doorward.domain.accounts.user import User
from doorward.domain.audit.source import UNKNOWN_VISITOR, Source
from doorward.domain.errors import (
    InvalidRefreshToken,
    RefreshRepeatedTooOften,
    RefreshTokenReused,
    TransactionConflict,
)
from doorward.domain.ids import UserId
from doorward.domain.sessions.refresh_token import RefreshToken, RefreshTokenHash
from doorward.domain.sessions.session import MAX_ROTATED_TOKENS, Session, SessionPolicy, Standing


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of a refresh, with the session and the account of the token if it belongs to one."""

    standing: Standing
    session: Session | None = None
    user: User | None = None
    token: RefreshToken | None = None
    """The refresh token of the response."""


@final
@dataclass(frozen=True, slots=True)
class RefreshSession:
    """Continues a session: rotates its refresh token and issues a new access token (RFC 9700, section 4.14.2).

    Of many requests with the same token, exactly one rotates it. The others get the same successor. Within the grace
    time, a client that lost the response gets it as well. Each process repeats it MAX_REPETITIONS times. A rotated
    token that is used later has been stolen, so the session ends. Concurrent requests on one node share one
    transaction, so that none waits for the locks of the others.
    """

    storage: Storage
    refresh_tokens: RefreshTokens
    issue: IssueTokens
    policy: SessionPolicy
    log: SecurityLog
    _attempts: dict[RefreshTokenHash, asyncio.Task[Attempt]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """The attempts that are under way on this node."""
    _repeated: RepeatedRefreshes = field(default_factory=RepeatedRefreshes, init=False, repr=False, compare=False)

    async def __call__(self, presented: str, now: datetime, by: Source = UNKNOWN_VISITOR) -> SignedIn:
        """Raise InvalidRefreshToken, RefreshTokenReused if the reuse ended the session, or RefreshRepeatedTooOften."""
        try:
            token = self.refresh_tokens.read(presented)
        except InvalidRefreshToken:
            self.log.record(SecurityEvent.AUTHN_REFRESH_FAIL, reason="malformed")
            raise
        if not token.genuine and not await self._is_known(token):
            raise self._invalid(token)
        used_up_by = self._repeated.used_up_by(token.hash, now)
        if used_up_by is not None:
            raise self._repeated_too_often(used_up_by, token)
        shared = token.hash in self._attempts
        attempt = await self._shared_attempt(token, now, by)
        session, user = attempt.session, attempt.user
        if attempt.standing is Standing.REUSED:
            raise RefreshTokenReused
        if session is None or user is None or attempt.token is None:
            raise self._invalid(token)
        again = shared or attempt.standing is Standing.RETRIED
        if again:
            until = session.grace_ends_at(token.hash, self.policy) or now
            if not self._repeated.admits(token.hash, user.id, until, now):
                raise self._repeated_too_often(user.id, token)
        event = SecurityEvent.SESSION_RENEWAL_REPEATED if again else SecurityEvent.SESSION_RENEWED
        self.log.record(event, user_id=str(user.id), session_id=str(session.id))
        return replace(self.issue(user, session, attempt.token, now), retried=again)

    def _repeated_too_often(self, user_id: UserId, token: RefreshToken) -> RefreshRepeatedTooOften:
        self.log.record(
            SecurityEvent.EXCESS_RATE_LIMIT_EXCEEDED,
            reason="refresh_repeated",
            user_id=str(user_id),
            session_id=str(token.session_id),
        )
        return RefreshRepeatedTooOften()

    def _invalid(self, token: RefreshToken) -> InvalidRefreshToken:
        self.log.record(SecurityEvent.AUTHN_REFRESH_FAIL, reason="void", session_id=str(token.session_id))
        return InvalidRefreshToken()

    async def _is_known(self, token: RefreshToken) -> bool:
        """Return whether a token that is not genuine under the present secrets still is one of its session, issued
        under an earlier secret. A made-up token therefore costs one read and no transaction that others would wait
        for."""
        async with self.storage.reading() as reading:
            session = await reading.sessions.get(token.session_id)
        return session is not None and (session.token_hash == token.hash or session.has_rotated(token.hash))

    async def _shared_attempt(self, token: RefreshToken, now: datetime, by: Source) -> Attempt:
        """Return the outcome of the attempt that is under way for this token, or start one. An attempt continues when
        the request that started it is cancelled."""
        attempt = self._attempts.get(token.hash)
        if attempt is None:
            attempt = self._attempts[token.hash] = asyncio.ensure_future(self._decided(token, now, by))
            attempt.add_done_callback(lambda _: self._attempts.pop(token.hash))
        return await asyncio.shield(attempt)

    async def _decided(self, token: RefreshToken, now: datetime, by: Source) -> Attempt:
        """Attempt the rotation, and record one alarm for a reuse, even if the request that caused it is cancelled."""
        attempt = await self._attempt(token, now, by)
        if attempt.standing is Standing.REUSED and attempt.user is not None:
            self.log.record(
                SecurityEvent.AUTHN_TOKEN_REUSE, user_id=str(attempt.user.id), session_id=str(token.session_id)
            )
        return attempt

    @retried
    async def _attempt(self, token: RefreshToken, now: datetime, by: Source) -> Attempt:
        """Rotate the token in one transaction. A reuse is decided here but refused outside, because raising would roll
        the end of the session back. Only a disabled account is refused here: its token stays valid for when the account
        is enabled again."""
        successor = self.refresh_tokens.successors(token)[0]
        async with self.storage.transaction() as tx:
            rotated = await tx.sessions.rotate(token.session_id, token.hash, successor.hash, self.policy, now)
            found = await tx.sessions.with_user(token.session_id)
            if found is None:
                return Attempt(Standing.INVALID)
            session, user = found
            if not user.is_enabled_at(now):
                self.log.record(SecurityEvent.AUTHN_REFRESH_FAIL, reason="account_disabled", user_id=str(user.id))
                raise InvalidRefreshToken
            if rotated:
                return Attempt(Standing.CURRENT, session, user, successor)
            standing = session.standing(token.hash, genuine=token.genuine, policy=self.policy, now=now)
            if standing is Standing.CURRENT:
                raise TransactionConflict(cause="session_changed")
            if standing is Standing.REUSED:
                # The rotation changed nothing, so the session is not locked, and the account is locked first.
                await tx.users.lock(user.id)
                await tx.sessions.end([session])
                await tx.audit.append(token_reused(session, by))
            latest = self._latest(token, session) if standing is Standing.RETRIED else None
            return Attempt(standing, session, user, latest)

    def _latest(self, token: RefreshToken, session: Session) -> RefreshToken | None:
        """Return the current token of the session: the successor of the given token, or what it was rotated to
        meanwhile by another tab of the browser. Return None if it was issued under a secret that is no longer known."""
        for _ in range(MAX_ROTATED_TOKENS):
            known = (
                successor
                for successor in self.refresh_tokens.successors(token)
                if successor.hash == session.token_hash or session.has_rotated(successor.hash)
            )
            following = next(known, None)
            if following is None or following.hash == session.token_hash:
                return following
            token = following
        return None
