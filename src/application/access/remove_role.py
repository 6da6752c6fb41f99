from dataclasses import dataclass
from typing import final

from doorward.application.access.authorize_change import authorize_change
from doorward.application.access.define_role import role_values
from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Actor
from doorward.domain.access.role import BUILT_IN, RoleName
from doorward.domain.errors import RoleBuiltIn, RoleMissing


@final
@dataclass(frozen=True, slots=True)
class RemoveRole:
    """Removes a role. Accounts that had it lose it at once on this node, and within a second on the others."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, name: RoleName, by: Actor) -> None:
        """Raise RoleBuiltIn for user, moderator and admin, and RoleMissing when there is no such role."""
        if name in BUILT_IN:
            raise RoleBuiltIn
        if not await self._remove(name, by):
            raise RoleMissing
        self.log.record(SecurityEvent.AUTHZ_ADMIN, role=name, removed=True, by=by.log_name)

    @retried
    async def _remove(self, name: RoleName, by: Actor) -> bool:
        async with self.storage.transaction() as tx:
            await authorize_change(tx, by, self.log)
            role = await tx.roles.get(name)
            removed = await tx.roles.remove(name)
            if removed:
                event = SecurityEvent.AUTHZ_ADMIN
                await tx.audit.append(AuditEntry(event=event, by=by, before=role_values(role)))
            return removed
