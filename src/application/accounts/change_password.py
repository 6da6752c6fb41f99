from dataclasses import dataclass
from typing import final

from doorward.application.accounts.confirm_password import ConfirmPassword
from doorward.application.accounts.password_rules import PasswordRules
from doorward.application.ports.security import PasswordHasher, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.principal import Principal
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidToken, TransactionConflict
from doorward.domain.sessions.ending import other_sessions


@final
@dataclass(frozen=True, slots=True)
class ChangePassword:
    """Sets a new password that the holder of the account chose. The session of the request continues, all others
    end."""

    storage: Storage
    hasher: PasswordHasher
    confirm: ConfirmPassword
    rules: PasswordRules
    log: SecurityLog

    async def __call__(self, principal: Principal, current: str, new: str) -> None:
        """Raise PasswordWrong, PasswordRefused or HashingBusy."""
        user = await self.confirm(principal.user_id, current)
        checked = self.rules.check(new, (user.username.value, user.email.value))
        password_hash = await self.hasher.hash(checked)
        ended = await self._save(user, password_hash, principal)
        if ended is None:
            ended = await self._save(await self.confirm(principal.user_id, current), password_hash, principal)
        if ended is None:
            raise TransactionConflict
        self.log.record(
            SecurityEvent.AUTHN_PASSWORD_CHANGE,
            user_id=str(user.id),
            by=str(user.id),
            session_id=str(principal.session_id),
            ended=ended,
        )

    @retried
    async def _save(self, confirmed: User, password_hash: PasswordHash, principal: Principal) -> int | None:
        """Return how many sessions ended, or None if the password is no longer the one that was confirmed."""
        async with self.storage.transaction() as tx:
            user = await tx.users.lock(confirmed.id)
            if user is None:
                raise InvalidToken
            if user.password_hash != confirmed.password_hash:
                return None
            await tx.users.save(user.with_chosen_password(password_hash))
            sessions = await tx.sessions.of_user(user.id)
            return await tx.sessions.end(other_sessions(sessions, principal.session_id))
