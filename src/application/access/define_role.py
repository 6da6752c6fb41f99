from dataclasses import dataclass
from datetime import datetime
from typing import final

from application.ports.security import SecurityLog
from application.ports.storage import Storage
from application.transactions import retried
from domain.access.role import Role, parse_role_name


@final
@dataclass(frozen=True, slots=True)
class DefineRole:
    """A role of the operator's own, beside user, moderator and admin; or a new description for one that is there."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, name: str, description: str, now: datetime, by: str) -> bool:
        """True when the role is new. Raise InvalidRoleName."""
        role = Role(name=parse_role_name(name), description=description, created_at=now)
        added = await self._put(role)
        self.log.record("authz_admin", role=role.name, added=added, by=by)
        return added

    @retried
    async def _put(self, role: Role) -> bool:
        async with self.storage.transaction() as tx:
            return await tx.roles.put(role)
