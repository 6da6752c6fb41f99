from dataclasses import dataclass
from typing import final

from doorward.application.ports.security import PasswordHasher, SecurityLog, Verdict
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
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

    async def __call__(self, user_id: UserId, password: str) -> User:
        """Return the account. Raise PasswordWrong, HashingBusy, or InvalidToken if the account was deleted
        meanwhile."""
        typed = Password.typed(password)
        async with self.storage.reading() as reading:
            user = await reading.users.get(user_id)
        if user is None:
            raise InvalidToken
        if typed.oversized:
            raise self._refuse(user_id, "password_oversized")
        if await self.hasher.verify(typed, user.password_hash, user.username.key) is Verdict.MISMATCH:
            raise self._refuse(user_id, "wrong_password")
        return user

    def _refuse(self, user_id: UserId, reason: str) -> PasswordWrong:
        self.log.record(SecurityEvent.AUTHN_PASSWORD_CONFIRMATION_FAIL, reason=reason, user_id=str(user_id))
        return PasswordWrong()
