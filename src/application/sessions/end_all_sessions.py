from dataclasses import dataclass
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Actor
from doorward.domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class EndAllSessions:
    """Ends all sessions of an account: for its holder, an admin or the operator. The account enters a new epoch, so
    that an access token that is being issued at the same moment is refused as well."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, user_id: UserId, by: Actor) -> int:
        """Return how many sessions there were. Raise AccountMissing."""
        ended = await self._end(user_id, by)
        self.log.record(SecurityEvent.SESSIONS_ENDED, user_id=str(user_id), by=by.log_name, ended=ended)
        return ended

    @retried
    async def _end(self, user_id: UserId, by: Actor) -> int:
        async with self.storage.transaction() as tx:
            out = (await authorize_change_of(tx, user_id, by, self.log)).with_tokens_revoked()
            await tx.users.save(out)
            ended = await tx.sessions.end_all(user_id, out.epoch)
            event, after = SecurityEvent.SESSIONS_ENDED, {"endedSessions": ended}
            await tx.audit.append(AuditEntry(event=event, by=by, account=user_id, after=after))
            return ended
