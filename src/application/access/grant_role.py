from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Actor
from doorward.domain.access.role import RoleName
from doorward.domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class GrantRole:
    """Grants a role to an account, which has it from its next request on. Granting it again changes nothing."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, user_id: UserId, role: RoleName, now: datetime, by: Actor) -> None:
        """Raise AccountMissing or RoleMissing."""
        granted = await self._grant(user_id, role, now, by)
        self.log.record(SecurityEvent.AUTHZ_CHANGE, user_id=str(user_id), granted=role, changed=granted, by=by.log_name)

    @retried
    async def _grant(self, user_id: UserId, role: RoleName, now: datetime, by: Actor) -> bool:
        async with self.storage.transaction() as tx:
            await authorize_change_of(tx, user_id, by, self.log)
            granted = await tx.users.grant(user_id, role, now)
            if granted:
                event = SecurityEvent.AUTHZ_CHANGE
                await tx.audit.append(AuditEntry(event=event, by=by, account=user_id, after={"granted": role}))
            return granted
