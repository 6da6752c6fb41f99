from dataclasses import dataclass
from typing import final

from doorward.application.access.last_admin import hold_admins, refuse_without_admin
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class DeleteUser:
    """The account, its grants and its sessions are gone, its tokens refused, its id never given again."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, user_id: UserId, by: str) -> None:
        """Raise AccountMissing or LastAdmin."""
        await self._delete(user_id)
        self.log.record(SecurityEvent.USER_DELETED, user_id=str(user_id), by=by)

    @retried
    async def _delete(self, user_id: UserId) -> None:
        async with self.storage.transaction() as tx:
            await hold_admins(tx)
            user = await tx.users.get(user_id)
            if user is None:
                raise AccountMissing
            await refuse_without_admin(tx, user)
            await tx.users.delete(user_id)
