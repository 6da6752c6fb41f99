from dataclasses import dataclass
from typing import final

from doorward.application.access.authorize_change import authorize_change
from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Actor
from doorward.domain.errors import InvitationMissing
from doorward.domain.ids import InvitationId


@final
@dataclass(frozen=True, slots=True)
class RemoveInvitation:
    """Removes an invitation. Its link is refused from then on."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, invitation_id: InvitationId, by: Actor) -> None:
        """Raise InvitationMissing."""
        await self._remove(invitation_id, by)
        self.log.record(SecurityEvent.INVITATION_REMOVED, invitation_id=str(invitation_id), by=by.log_name)

    @retried
    async def _remove(self, invitation_id: InvitationId, by: Actor) -> None:
        async with self.storage.transaction() as tx:
            await authorize_change(tx, by, self.log)
            if not await tx.invitations.remove(invitation_id):
                raise InvitationMissing
            before = {"invitation": str(invitation_id)}
            await tx.audit.append(AuditEntry(event=SecurityEvent.INVITATION_REMOVED, by=by, before=before))
