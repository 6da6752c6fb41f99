from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.access.last_admin import refuse_last_admin, serialise_admin_changes
from doorward.application.accounts.confirm_password import ConfirmPassword
from doorward.application.accounts.remove_account import remove_account
from doorward.application.audit.account_change import account_deleted
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import MAX_ATTEMPTS, retried
from doorward.domain.access.principal import Principal
from doorward.domain.accounts.deletion import DeletionPolicy
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.errors import TransactionConflict


@final
@dataclass(frozen=True, slots=True)
class DeleteOwnAccount:
    """Deletes the account of the caller after its password was confirmed. An admin can restore it for as long as the
    policy says."""

    storage: Storage
    confirm: ConfirmPassword
    policy: DeletionPolicy
    log: SecurityLog

    async def __call__(self, by: Principal, password: str, now: datetime) -> None:
        """Raise PasswordWrong, TooManyAttempts, HashingBusy, LastAdmin or InvalidToken.

        The password is confirmed again only if the account has another hash by then.
        """
        for _ in range(MAX_ATTEMPTS):
            confirmed = await self.confirm(by, password, now)
            if await self._delete(by, confirmed.password_hash, now):
                self.log.record(SecurityEvent.USER_DELETED, user_id=str(by.user_id), by=by.log_name)
                return
        raise TransactionConflict(cause="password_changed")

    @retried
    async def _delete(self, by: Principal, confirmed: PasswordHash, now: datetime) -> bool:
        """Return False if `confirmed` is not the hash of the account any more."""
        async with self.storage.transaction() as tx:
            await serialise_admin_changes(tx)
            user = await authorize_change_of(tx, by.user_id, by, self.log)
            if user.password_hash != confirmed:
                return False
            await refuse_last_admin(tx, user, now)
            await tx.audit.append(account_deleted(user, by))
            await remove_account(tx, user, self.policy, now)
        return True
