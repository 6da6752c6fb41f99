from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import final

from application.ports.security import AccessTokens, IssuedToken, PasswordHasher, SecurityLog, Verdict
from application.ports.storage import Storage
from domain.accounts.email import login_key
from domain.accounts.password import Password
from domain.accounts.user import User
from domain.errors import InvalidCredentials, Unavailable, UnknownAccount, WrongPassword


@dataclass(frozen=True, slots=True)
class SignedIn:
    user: User
    access_token: IssuedToken = field(repr=False)


@final
@dataclass(frozen=True, slots=True)
class Authenticate:
    """Sign-in: who are you, and here is your access token.

    Unknown, wrong, empty and disabled take the same way at the same cost, so that no clock tells them apart.
    """

    storage: Storage
    hasher: PasswordHasher
    tokens: AccessTokens
    log: SecurityLog

    async def __call__(self, login: str, password: str, now: datetime) -> SignedIn:
        """`login` is a username or an email. Raise InvalidCredentials, or HashingBusy."""
        typed = Password.typed(password)
        if typed.oversized:
            self._refused(login, "password_oversized")
            raise WrongPassword
        async with self.storage.reading() as reading:
            user = await reading.users.by_login(login_key(login))
        verdict = await self.hasher.verify(typed, user.password_hash if user else None)
        if user is None:
            raise self._refused(login, "unknown_account")
        if verdict is Verdict.MISMATCH or user.disabled:
            raise self._refused(login, "account_disabled" if user.disabled else "wrong_password", user)
        if verdict is Verdict.MATCH_OUTDATED:
            await self._rehash(user, typed)
        self.log.record("authn_login_success", user_id=str(user.id), factor="password")
        return SignedIn(user, self.tokens.issue(user, now))

    def _refused(self, login: str, reason: str, user: User | None = None) -> InvalidCredentials:
        self.log.record("authn_login_fail", login=login, reason=reason, user_id=str(user.id) if user else None)
        return WrongPassword() if user else UnknownAccount()

    async def _rehash(self, user: User, password: Password) -> None:
        """By today's parameters. Nobody is refused because this did not work: the next sign-in tries again."""
        with suppress(Unavailable):
            password_hash = await self.hasher.hash(password)
            async with self.storage.transaction() as tx:
                await tx.users.save(user.rehashed(password_hash))
