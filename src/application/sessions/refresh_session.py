import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import final

from doorward.application.ports.security import RefreshTokens, SecurityLog
from doorward.application.ports.storage import Storage
from doorward.application.sessions.issue_tokens import IssueTokens, SignedIn
from doorward.application.transactions import retried
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidRefreshToken, RefreshTokenReused, TransactionConflict
from doorward.domain.sessions.refresh_token import RefreshToken, RefreshTokenHash
from doorward.domain.sessions.session import MAX_ROTATED_TOKENS, Session, SessionPolicy, Standing


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of a presented token, and of whom it is when anybody's."""

    standing: Standing
    session: Session | None = None
    user: User | None = None
    token: RefreshToken | None = None
    """What to answer with."""


@final
@dataclass(frozen=True, slots=True)
class RefreshSession:
    """A session goes on: a spent refresh token, a new one, and a fresh access token (RFC 9700, section 4.14.2).

    Of many that present one token at once, one spends it; the others are told the same successor, and so is a client
    that lost the answer, for the grace time. Whoever comes with a spent token later than that shows that it is in two
    hands, and the session ends. On one node those many share one transaction, so that none waits for the others' locks.
    """

    storage: Storage
    refresh_tokens: RefreshTokens
    issue: IssueTokens
    policy: SessionPolicy
    log: SecurityLog
    _attempts: dict[RefreshTokenHash, asyncio.Task[Attempt]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Those that are under way on this node."""

    async def __call__(self, presented: str, now: datetime) -> SignedIn:
        """Raise InvalidRefreshToken, or RefreshTokenReused when that ended the session."""
        try:
            token = self.refresh_tokens.read(presented)
        except InvalidRefreshToken:
            self.log.record("authn_refresh_fail", reason="malformed")
            raise
        if not token.genuine and not await self._is_known(token):
            raise self._void(token)
        shared = token.hash in self._attempts
        attempt = await self._shared_attempt(token, now)
        session, user = attempt.session, attempt.user
        if attempt.standing is Standing.REUSED:
            raise RefreshTokenReused
        if session is None or user is None or attempt.token is None:
            raise self._void(token)
        again = shared or attempt.standing is Standing.RETRIED
        self.log.record("session_renewed", user_id=str(user.id), session_id=str(session.id), retried=again or None)
        return replace(self.issue(user, session, attempt.token, now), retried=again)

    def _void(self, token: RefreshToken) -> InvalidRefreshToken:
        self.log.record("authn_refresh_fail", reason="void", session_id=str(token.session_id))
        return InvalidRefreshToken()

    async def _is_known(self, token: RefreshToken) -> bool:
        """Whether a token that no secret of ours made is its session's all the same, from before the last change of it.
        What strangers make up costs a look then, and no transaction for which others would wait."""
        async with self.storage.reading() as reading:
            session = await reading.sessions.get(token.session_id)
        return session is not None and (session.token_hash == token.hash or session.has_rotated(token.hash))

    async def _shared_attempt(self, token: RefreshToken, now: datetime) -> Attempt:
        """The one that is under way for this token, or a new one. It goes on when whoever began it goes away."""
        attempt = self._attempts.get(token.hash)
        if attempt is None:
            attempt = self._attempts[token.hash] = asyncio.ensure_future(self._decided(token, now))
            attempt.add_done_callback(lambda _: self._attempts.pop(token.hash))
        return await asyncio.shield(attempt)

    async def _decided(self, token: RefreshToken, now: datetime) -> Attempt:
        """One alarm for what ended once, whoever is still there to be refused."""
        attempt = await self._attempt(token, now)
        if attempt.standing is Standing.REUSED and attempt.user is not None:
            self.log.record("authn_token_reuse", user_id=str(attempt.user.id), session_id=str(token.session_id))
        return attempt

    @retried
    async def _attempt(self, token: RefreshToken, now: datetime) -> Attempt:
        """What must last is decided here, and refused outside, where a refusal undoes nothing. Only a disabled account
        is refused inside: its token is as good as it was, should the account be enabled again."""
        successor = self.refresh_tokens.successors(token)[0]
        async with self.storage.transaction() as tx:
            rotated = await tx.sessions.rotate(token.session_id, token.hash, successor.hash, self.policy, now)
            found = await tx.sessions.with_user(token.session_id)
            if found is None:
                return Attempt(Standing.INVALID)
            session, user = found
            if user.disabled:
                self.log.record("authn_refresh_fail", reason="account_disabled", user_id=str(user.id))
                raise InvalidRefreshToken
            if rotated:
                return Attempt(Standing.CURRENT, session, user, successor)
            standing = session.standing(token.hash, genuine=token.genuine, policy=self.policy, now=now)
            if standing is Standing.CURRENT:
                raise TransactionConflict
            if standing is Standing.REUSED:
                await tx.sessions.end([session])
            latest = self._latest(token, session) if standing is Standing.RETRIED else None
            return Attempt(standing, session, user, latest)

    def _latest(self, token: RefreshToken, session: Session) -> RefreshToken | None:
        """The session's present token: the successor of the one that came, or what that was rotated to meanwhile, by
        another tab of the same browser. None when a secret made it that is not known here any more."""
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
