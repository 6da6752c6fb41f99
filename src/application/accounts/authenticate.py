import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import final

from doorward.application.accounts.count_attempt import CountAttempt
from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.application.ports.attempts import DeviceTokens
from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security import PasswordHasher, RefreshTokens, SecurityLog, Verdict
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.sessions.issue_tokens import IssueTokens, SignedIn
from doorward.application.transactions import MAX_ATTEMPTS, retried
from doorward.domain.accounts.attempts import UNKNOWN_DEVICES, AttemptKey, DeviceId
from doorward.domain.accounts.email import login_key
from doorward.domain.accounts.password import Password
from doorward.domain.accounts.user import User
from doorward.domain.audit.origin import Origin
from doorward.domain.errors import InvalidCredentials, TransactionConflict, Unavailable, UnknownAccount, WrongPassword
from doorward.domain.sessions.ending import surplus_sessions
from doorward.domain.sessions.session import UNKNOWN_DEVICE, Device, Session, SessionPolicy, new_session_id

REHASH_DEADLINE_SECONDS = 1.4
"""Counted from the beginning of a sign-in. A sign-in that waited long for its first hash does not wait as long for a
second one."""


@final
@dataclass(frozen=True, slots=True)
class Authenticate:
    """Signs a user in: verifies the password, opens a session and issues its tokens.

    An unknown name, a wrong or empty password and a disabled account take the same path at the same cost, so that their
    response times do not differ.
    """

    storage: Storage
    hasher: PasswordHasher
    refresh_tokens: RefreshTokens
    issue: IssueTokens
    policy: SessionPolicy
    log: SecurityLog
    ended: EndedSessions
    count: CountAttempt
    devices: DeviceTokens

    async def __call__(
        self,
        login: str,
        password: str,
        now: datetime,
        device: Device = UNKNOWN_DEVICE,
        device_token: str | None = None,
    ) -> SignedIn:
        """Return the tokens. `login` is a username or an email, and `device_token` that of the browser, if it has one.
        Raise InvalidCredentials, TooManyAttempts or HashingBusy."""
        typed = Password.typed(password)
        if typed.oversized:
            self._refuse(login, "password_oversized")
            raise WrongPassword
        key = login_key(login)
        found = await self._find(key)
        counted = await self.count(key, now, self._known_device(found, device_token))
        for _ in range(MAX_ATTEMPTS):
            user = await self._verified(login, key, found, typed)
            first = self.refresh_tokens.first(new_session_id(now))
            session = Session.opened(first.session_id, user.id, first.hash, device, now)
            present = await self._open(user, session, counted)
            if present is not None:
                self.log.record(
                    SecurityEvent.AUTHN_LOGIN_SUCCESS,
                    user_id=str(user.id),
                    session_id=str(session.id),
                    factor="password",
                )
                return self.issue(present, session, first, now)
            found = await self._find(key)
        raise TransactionConflict(cause="password_changed")

    async def _find(self, key: str) -> User | None:
        async with self.storage.reading() as reading:
            return await reading.users.by_login(key)

    def _known_device(self, user: User | None, token: str | None) -> DeviceId:
        """Return the device of the token, if it is one of the account."""
        known = self.devices.read(token) if token is not None else None
        return known.device if known and user and user.id == known.user_id else UNKNOWN_DEVICES

    async def _verified(self, login: str, key: str, user: User | None, typed: Password) -> User:
        """Return the account if the password is its own."""
        rehash_deadline = asyncio.get_running_loop().time() + REHASH_DEADLINE_SECONDS
        verdict = await self.hasher.verify(typed, user.password_hash if user else None, key)
        if user is None:
            raise self._refuse(login, "unknown_account")
        if verdict is Verdict.MISMATCH or user.disabled:
            raise self._refuse(login, "account_disabled" if user.disabled else "wrong_password", user)
        if verdict is Verdict.MATCH_OUTDATED:
            return await self._rehash(user, typed, rehash_deadline)
        return user

    @retried
    async def _open(self, user: User, session: Session, counted: AttemptKey) -> User | None:
        """Open the session, forget the attempts of the device, and return the account as it is now.

        Return None if the password changed, or the account was disabled or deleted, while the password was verified: a
        new session must not outlive the event that ended all others. If many sessions of the account ended lately, all
        its access tokens are revoked, so that one entry takes the place of many in the list of what has ended. The
        sessions that go on get new access tokens when they refresh.
        """
        async with self.storage.transaction() as tx:
            present = await tx.users.lock(user.id)
            if present is None or present.disabled or present.password_hash != user.password_hash:
                return None
            await tx.attempts.clear(counted)
            await tx.sessions.add(session)
            sessions = await tx.sessions.of_user(user.id)
            ended = await tx.sessions.end(surplus_sessions(sessions, session.id, self.policy, session.started_at))
            revokes = self.ended.are_many_of(user.id)
            if revokes:
                present = present.with_tokens_revoked()
                await tx.users.save(present)
                await tx.sessions.revoke_tokens(user.id, present.epoch)
            await tx.audit.append(signed_in(session, ended, tokens_revoked=revokes))
        if revokes:
            self.log.record(SecurityEvent.AUTHN_TOKEN_REVOKED, user_id=str(user.id), epoch=present.epoch)
        return present

    def _refuse(self, login: str, reason: str, user: User | None = None) -> InvalidCredentials:
        self.log.record(
            SecurityEvent.AUTHN_LOGIN_FAIL, login=login, reason=reason, user_id=str(user.id) if user else None
        )
        return WrongPassword() if user else UnknownAccount()

    async def _rehash(self, user: User, password: Password, deadline: float) -> User:
        """Hash the password with the current parameters. A failure changes nothing for this sign-in; the next one tries
        again."""
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout_at(deadline):
                rehashed = user.rehashed(await self.hasher.hash(password))
            async with self.storage.transaction() as tx:
                await tx.users.save(rehashed)
            return replace(rehashed, version=user.version + 1)
        return user


def signed_in(session: Session, ended: int, *, tokens_revoked: bool) -> AuditEntry:
    """Return the entry of a sign-in. `ended` is how many older sessions gave way to the new one."""
    return AuditEntry(
        event=SecurityEvent.AUTHN_LOGIN_SUCCESS,
        by=Origin.of_account(session.user_id, session.id, session.device.address),
        account=session.user_id,
        after={"factor": "password", "endedSessions": ended, "tokensRevoked": tokens_revoked},
    )
