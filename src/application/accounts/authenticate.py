import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import final

from doorward.application.accounts.find_and_count import FindAndCount
from doorward.application.ports.security import PasswordHasher, SecurityLog, Verdict
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage, Transaction
from doorward.application.sessions.issue_tokens import SignedIn
from doorward.application.sessions.open_session import Admits, OpenSession, Proof
from doorward.application.transactions import MAX_ATTEMPTS
from doorward.domain.accounts.attempts import SHARED_DEVICES, AttemptKey
from doorward.domain.accounts.email import login_key
from doorward.domain.accounts.email_verification import EmailVerification
from doorward.domain.accounts.password import Password
from doorward.domain.accounts.user import User
from doorward.domain.errors import (
    EmailNotVerified,
    InvalidCredentials,
    TransactionConflict,
    Unavailable,
    UnknownAccount,
    WrongPassword,
)
from doorward.domain.sessions.origin import UNKNOWN_ORIGIN, Origin

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
    open_session: OpenSession
    log: SecurityLog
    find_and_count: FindAndCount
    verification: EmailVerification

    async def __call__(self, login: str, password: str, now: datetime, origin: Origin = UNKNOWN_ORIGIN) -> SignedIn:
        """Return the tokens. `login` is a username or an email. Raise InvalidCredentials, TooManyAttempts, HashingBusy
        or, for the right password only, EmailNotVerified."""
        typed = Password.typed(password)
        if typed.oversized:
            self._refuse(login, "password_oversized")
            raise WrongPassword
        key = login_key(login)
        found, counted = await self.find_and_count(key, now, origin.device_token)
        for _ in range(MAX_ATTEMPTS):
            user = await self._verified(login, key, found, typed, now)
            proof = Proof(
                factor="password",
                origin=origin,
                device_is_known=counted.device not in SHARED_DEVICES,
                admits=still_has_password(user, counted, self.verification),
            )
            signed_in = await self.open_session(user, proof, now)
            if signed_in is not None:
                return signed_in
            found = await self._find(key)
            self._require_verified(login, user, found, now)
        raise TransactionConflict(cause="password_changed")

    async def _find(self, key: str) -> User | None:
        async with self.storage.reading() as reading:
            return await reading.users.by_login(key)

    async def _verified(self, login: str, key: str, user: User | None, typed: Password, now: datetime) -> User:
        """Return the account if the password is its own."""
        rehash_deadline = asyncio.get_running_loop().time() + REHASH_DEADLINE_SECONDS
        verdict = await self.hasher.verify(typed, user.password_hash if user else None, key)
        if user is None:
            raise self._refuse(login, "unknown_account")
        enabled = user.is_enabled_at(now)
        if verdict is Verdict.MISMATCH or not enabled:
            raise self._refuse(login, "wrong_password" if enabled else "account_disabled", user)
        if verdict is Verdict.MATCH_OUTDATED:
            return await self._rehash(user, typed, rehash_deadline)
        return user

    def _require_verified(self, login: str, user: User, present: User | None, now: datetime) -> None:
        """Raise EmailNotVerified if this is why no session was opened for the account, which is now as `present`."""
        if present is None or not present.is_enabled_at(now) or present.password_hash != user.password_hash:
            return
        if not self.verification.admits(present):
            self._refuse(login, "email_not_verified", present)
            raise EmailNotVerified

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


def still_has_password(user: User, counted: AttemptKey, verification: EmailVerification) -> Admits:
    """Return what admits whoever proved the password of the account, and forgets the attempts of the device.

    It admits nobody if the password changed while it was verified: a new session must not outlive the event that ended
    all others. It admits no account whose address must be verified first.
    """

    async def admits(tx: Transaction, present: User) -> bool:
        if present.password_hash != user.password_hash:
            return False
        await tx.attempts.clear(counted)
        return verification.admits(present)

    return admits
