from dataclasses import dataclass
from typing import final

from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.role import BUILT_IN, RoleName
from doorward.domain.errors import RoleBuiltIn, RoleMissing


@final
@dataclass(frozen=True, slots=True)
class RemoveRole:
    """Removes a role. Accounts that had it lose it at once on this node, and within a second on the others."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, name: RoleName, by: str) -> None:
        """Raise RoleBuiltIn for user, moderator and admin, and RoleMissing when there is no such role.

        `by` names the actor in the security log.
        """
        if name in BUILT_IN:
            raise RoleBuiltIn
        if not await self._remove(name):
            raise RoleMissing
        self.log.record(SecurityEvent.AUTHZ_ADMIN, role=name, removed=True, by=by)

    @retried
    async def _remove(self, name: RoleName) -> bool:
        async with self.storage.transaction() as tx:
            return await tx.roles.remove(name)
