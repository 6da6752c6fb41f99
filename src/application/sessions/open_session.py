from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, final

from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security import RefreshTokens, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage, Transaction
from doorward.application.sessions.issue_tokens import IssueTokens, SignedIn
from doorward.application.sessions.notice_device import NoticeDevice
from doorward.application.transactions import retried
from doorward.domain.accounts.user import User
from doorward.domain.audit.source import Source
from doorward.domain.sessions.ending import surplus_sessions
from doorward.domain.sessions.origin import Origin
from doorward.domain.sessions.session import Session, SessionPolicy, new_session_id

Admits = Callable[[Transaction, User], Awaitable[bool]]
"""Decides in the transaction, in which the account is held, whether the proof still counts, and uses it up."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How somebody proved to be the holder of an account."""

    factor: Literal["password", "email_code"]
    origin: Origin
    device_is_known: bool
    """Whether the browser has a device token of the account."""
    admits: Admits


@final
@dataclass(frozen=True, slots=True)
class OpenSession:
    """Opens a session for whoever proved to be the holder of an account, and issues its tokens."""

    storage: Storage
    refresh_tokens: RefreshTokens
    issue: IssueTokens
    policy: SessionPolicy
    log: SecurityLog
    ended: EndedSessions
    notice_device: NoticeDevice

    async def __call__(self, user: User, proof: Proof, now: datetime) -> SignedIn | None:
        """Return the tokens. Return None if the account was disabled or deleted meanwhile, or if the proof does not
        count any more."""
        first = self.refresh_tokens.first(new_session_id(now))
        session = Session.opened(first.session_id, user.id, first.hash, proof.origin.device, now)
        present = await self._open(user, session, proof)
        if present is None:
            return None
        self.log.record(
            SecurityEvent.AUTHN_LOGIN_SUCCESS, user_id=str(user.id), session_id=str(session.id), factor=proof.factor
        )
        return self.issue(present, session, first, now)

    @retried
    async def _open(self, user: User, session: Session, proof: Proof) -> User | None:
        """Open the session, and return the account as it is now.

        If many sessions of the account ended lately, all its access tokens are revoked, so that one entry takes the
        place of many in the list of what has ended. The sessions that go on get new access tokens when they refresh.
        """
        async with self.storage.transaction() as tx:
            present = await tx.users.lock(user.id)
            if present is None or not present.is_enabled_at(session.started_at):
                return None
            if not await proof.admits(tx, present):
                return None
            await tx.sessions.add(session)
            sessions = await tx.sessions.of_user(user.id)
            ended = await tx.sessions.end(surplus_sessions(sessions, session.id, self.policy, session.started_at))
            if not proof.device_is_known:
                await self.notice_device(tx, present, session, sessions, proof.origin.language)
            revokes = self.ended.are_many_of(user.id)
            if revokes:
                present = present.with_tokens_revoked()
                await tx.users.save(present)
                await tx.sessions.revoke_tokens(user.id, present.epoch)
            await tx.audit.append(signed_in(session, proof, ended, tokens_revoked=revokes))
        if revokes:
            self.log.record(SecurityEvent.AUTHN_TOKEN_REVOKED, user_id=str(user.id), epoch=present.epoch)
        return present


def signed_in(session: Session, proof: Proof, ended: int, *, tokens_revoked: bool) -> AuditEntry:
    """Return the audit entry of a sign-in. `ended` is how many older sessions gave way to the new one."""
    return AuditEntry(
        event=SecurityEvent.AUTHN_LOGIN_SUCCESS,
        by=Source.of_account(session.user_id, session.id, session.device.address),
        account=session.user_id,
        after={"factor": proof.factor, "endedSessions": ended, "tokensRevoked": tokens_revoked},
    )
