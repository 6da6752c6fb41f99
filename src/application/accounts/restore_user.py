from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.authorize_change import authorize_change
from doorward.application.audit.account_change import account_changed
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Actor
from doorward.domain.accounts.deletion import DeletionPolicy
from doorward.domain.accounts.user import User
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class RestoreUser:
    """Brings a deleted account back, with its roles. Its sessions stay ended, and it is disabled if it was so before.

    Restoring an account that is not deleted changes nothing.
    """

    storage: Storage
    policy: DeletionPolicy
    log: SecurityLog

    async def __call__(self, user_id: UserId, now: datetime, by: Actor) -> User:
        """Return the account. Raise AccountMissing if there is none, or if it was deleted too long ago."""
        user, restored = await self._restore(user_id, now, by)
        if restored:
            self.log.record(SecurityEvent.USER_RESTORED, user_id=str(user_id), by=by.log_name)
        return user

    @retried
    async def _restore(self, user_id: UserId, now: datetime, by: Actor) -> tuple[User, bool]:
        """Return the account, and whether it was deleted.

        A deleted account makes no changes, so no transaction holds it while it waits for that of the actor.
        """
        async with self.storage.transaction() as tx:
            await authorize_change(tx, by, self.log)
            deleted = await tx.deleted_users.lock(user_id)
            if deleted is None:
                present = await tx.users.get(user_id)
                if present is None:
                    raise AccountMissing
                return present, False
            if not deleted.is_restorable(self.policy, now):
                raise AccountMissing
            restored = deleted.restored()
            await tx.users.save(restored)
            await tx.audit.append(account_changed(deleted, restored, by, SecurityEvent.USER_RESTORED))
            return restored, True
