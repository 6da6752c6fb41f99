from dataclasses import dataclass
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.access.last_admin import refuse_last_admin, serialise_admin_changes
from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Actor
from doorward.domain.access.role import ADMIN, RoleName
from doorward.domain.errors import RoleMissing
from doorward.domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class RevokeRole:
    """Revokes a role from an account, which lacks it from its next request on. Revoking a role that the account does
    not have changes nothing."""

    storage: Storage
    log: SecurityLog
    clock: Clock

    async def __call__(self, user_id: UserId, role: RoleName, by: Actor) -> None:
        """Raise AccountMissing, RoleMissing or LastAdmin."""
        revoked = await self._revoke(user_id, role, by)
        self.log.record(SecurityEvent.AUTHZ_CHANGE, user_id=str(user_id), revoked=role, changed=revoked, by=by.log_name)

    @retried
    async def _revoke(self, user_id: UserId, role: RoleName, by: Actor) -> bool:
        async with self.storage.transaction() as tx:
            if role == ADMIN:
                await serialise_admin_changes(tx)
            user = await authorize_change_of(tx, user_id, by, self.log)
            if role not in user.roles and await tx.roles.get(role) is None:
                raise RoleMissing
            if role == ADMIN:
                await refuse_last_admin(tx, user, self.clock.now())
            revoked = await tx.users.revoke(user_id, role)
            if revoked:
                event = SecurityEvent.AUTHZ_CHANGE
                await tx.audit.append(AuditEntry(event=event, by=by, account=user_id, before={"granted": role}))
            return revoked
