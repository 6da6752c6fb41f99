from dataclasses import dataclass
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.accounts.confirm_password import ConfirmPassword
from doorward.application.accounts.password_rules import PasswordRules
from doorward.application.ports.security import PasswordHasher, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.principal import Principal
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

    async def __call__(self, by: Principal, current: str, new: str) -> None:
        """Raise PasswordWrong, PasswordRefused, HashingBusy or InvalidToken."""
        ended = await self._change(by, current, new)
        self.log.record(
            SecurityEvent.AUTHN_PASSWORD_CHANGE,
            user_id=str(by.user_id),
            by=by.log_name,
            session_id=str(by.session_id),
            ended=ended,
        )

    @retried
    async def _change(self, by: Principal, current: str, new: str) -> int:
        """Return how many sessions ended. Confirm the password in each attempt, since the account may have another one
        by then."""
        confirmed = await self.confirm(by.user_id, current)
        checked = self.rules.check(new, (confirmed.username.value, confirmed.email.value))
        password_hash = await self.hasher.hash(checked)
        async with self.storage.transaction() as tx:
            user = await authorize_change_of(tx, by.user_id, by, self.log, verified=confirmed.password_hash)
            await tx.users.save(user.with_chosen_password(password_hash))
            return await tx.sessions.end(other_sessions(await tx.sessions.of_user(user.id), by.session_id))
