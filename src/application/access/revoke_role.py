from dataclasses import dataclass
from typing import final

from doorward.application.access.last_admin import refuse_last_admin, serialise_admin_changes
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.role import ADMIN, RoleName
from doorward.domain.errors import AccountMissing, RoleMissing
from doorward.domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class RevokeRole:
    """Revokes a role from an account, which lacks it from its next request on. Revoking a role that the account does
    not have changes nothing."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, user_id: UserId, role: RoleName, by: str) -> None:
        """Raise AccountMissing, RoleMissing or LastAdmin."""
        revoked = await self._revoke(user_id, role)
        self.log.record(SecurityEvent.AUTHZ_CHANGE, user_id=str(user_id), revoked=role, changed=revoked, by=by)

    @retried
    async def _revoke(self, user_id: UserId, role: RoleName) -> bool:
        async with self.storage.transaction() as tx:
            if role == ADMIN:
                await serialise_admin_changes(tx)
            user = await tx.users.get(user_id)
            if user is None:
                raise AccountMissing
            if role not in user.roles and await tx.roles.get(role) is None:
                raise RoleMissing
            if role == ADMIN:
                await refuse_last_admin(tx, user)
            return await tx.users.revoke(user_id, role)
