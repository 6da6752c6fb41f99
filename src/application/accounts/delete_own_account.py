from dataclasses import dataclass
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.access.last_admin import refuse_last_admin, serialise_admin_changes
from doorward.application.accounts.confirm_password import ConfirmPassword
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.principal import Principal


@final
@dataclass(frozen=True, slots=True)
class DeleteOwnAccount:
    """Deletes the account of the caller after its password was confirmed."""

    storage: Storage
    confirm: ConfirmPassword
    log: SecurityLog

    async def __call__(self, by: Principal, password: str) -> None:
        """Raise PasswordWrong, HashingBusy, LastAdmin or InvalidToken."""
        await self._delete(by, password)
        self.log.record(SecurityEvent.USER_DELETED, user_id=str(by.user_id), by=by.log_name)

    @retried
    async def _delete(self, by: Principal, password: str) -> None:
        """Confirm the password in each attempt, since the account may have another one by then."""
        confirmed = await self.confirm(by.user_id, password)
        async with self.storage.transaction() as tx:
            await serialise_admin_changes(tx)
            user = await authorize_change_of(tx, by.user_id, by, self.log, verified=confirmed.password_hash)
            await refuse_last_admin(tx, user)
            await tx.users.delete(user.id)
