from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.accounts.count_attempt import CountAttempt
from doorward.application.ports.security import PasswordHasher, SecurityLog, Verdict
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.principal import Principal
from doorward.domain.accounts.attempts import AttemptKey, DeviceId
from doorward.domain.accounts.password import Password
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidToken, PasswordWrong
from doorward.domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class ConfirmPassword:
    """Verifies the password of a signed-in user once more, before an action that cannot be undone."""

    storage: Storage
    hasher: PasswordHasher
    log: SecurityLog
    count: CountAttempt

    async def __call__(self, by: Principal, password: str, now: datetime) -> User:
        """Return the account. Raise PasswordWrong, TooManyAttempts, HashingBusy, or InvalidToken if the account was
        deleted meanwhile.

        The attempt counts like one to sign in with the username. Each session has a count of its own, so that
        strangers who guess at the password do not keep the signed-in holder from changing it.
        """
        typed = Password.typed(password)
        async with self.storage.reading() as reading:
            user = await reading.users.get(by.user_id)
            if user is None:
                raise InvalidToken
            if typed.oversized:
                raise self._refuse(by.user_id, "password_oversized")
            counted = self.count.key(user.username.key, DeviceId(by.session_id))
            before = await reading.attempts.get(counted)
        await self.count(user.username.key, counted, before, now)
        if await self.hasher.verify(typed, user.password_hash, user.username.key) is Verdict.MISMATCH:
            raise self._refuse(by.user_id, "wrong_password")
        await self._clear(counted)
        return user

    @retried
    async def _clear(self, counted: AttemptKey) -> None:
        async with self.storage.transaction() as tx:
            await tx.attempts.clear(counted)

    def _refuse(self, user_id: UserId, reason: str) -> PasswordWrong:
        self.log.record(SecurityEvent.AUTHN_PASSWORD_CONFIRMATION_FAIL, reason=reason, user_id=str(user_id))
        return PasswordWrong()
