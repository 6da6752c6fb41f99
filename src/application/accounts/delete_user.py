from dataclasses import dataclass
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.access.last_admin import refuse_last_admin, serialise_admin_changes
from doorward.application.accounts.remove_account import remove_account
from doorward.application.audit.account_change import account_deleted
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Actor
from doorward.domain.accounts.deletion import DeletionPolicy
from doorward.domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class DeleteUser:
    """Deletes an account with its sessions. Its tokens are refused, and its id is never used again. It can be restored
    for as long as the policy says."""

    storage: Storage
    policy: DeletionPolicy
    log: SecurityLog
    clock: Clock

    async def __call__(self, user_id: UserId, by: Actor) -> None:
        """Raise AccountMissing or LastAdmin."""
        await self._delete(user_id, by)
        self.log.record(SecurityEvent.USER_DELETED, user_id=str(user_id), by=by.log_name)

    @retried
    async def _delete(self, user_id: UserId, by: Actor) -> None:
        async with self.storage.transaction() as tx:
            await serialise_admin_changes(tx)
            user = await authorize_change_of(tx, user_id, by, self.log)
            now = self.clock.now()
            await refuse_last_admin(tx, user, now)
            await tx.audit.append(account_deleted(user, by))
            await remove_account(tx, user, self.policy, now)
