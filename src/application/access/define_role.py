from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.authorize_change import authorize_change
from doorward.application.ports.audit import AuditEntry, Details
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Actor
from doorward.domain.access.role import Role, RoleName, parse_description, parse_role_name


@dataclass(frozen=True, slots=True)
class DefinedRole:
    role: Role
    added: bool
    """False when the role existed already."""


@final
@dataclass(frozen=True, slots=True)
class DefineRole:
    """Adds a role of the operator's own, or changes the description of a role."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, name: str, description: str | None, now: datetime, by: Actor) -> DefinedRole:
        """Without a description (None) it stays as it is. Raise InvalidRoleName or InvalidDescription."""
        described = None if description is None else parse_description(description)
        defined = await self._put(parse_role_name(name), described, now, by)
        self.log.record(SecurityEvent.AUTHZ_ADMIN, role=defined.role.name, added=defined.added, by=by.log_name)
        return defined

    @retried
    async def _put(self, name: RoleName, description: str | None, now: datetime, by: Actor) -> DefinedRole:
        async with self.storage.transaction() as tx:
            await authorize_change(tx, by, self.log)
            present = await tx.roles.get(name)
            role = present or Role(name=name, created_at=now)
            if description is not None:
                role = role.described(description)
            added = await tx.roles.put(role)
            if role != present:
                before, after = role_values(present), role_values(role)
                await tx.audit.append(AuditEntry(event=SecurityEvent.AUTHZ_ADMIN, by=by, before=before, after=after))
            return DefinedRole(role, added)


def role_values(role: Role | None) -> Details:
    """Return the values of a role that stand in the audit log."""
    return {} if role is None else {"role": role.name, "description": role.description}
