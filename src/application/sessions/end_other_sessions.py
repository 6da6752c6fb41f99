from dataclasses import dataclass
from typing import final

from doorward.application.access.authorize_change import authorize_change
from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.principal import Principal
from doorward.domain.sessions.ending import other_sessions


@final
@dataclass(frozen=True, slots=True)
class EndOtherSessions:
    """Ends every session of the account of a request but the one of the request."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, by: Principal) -> int:
        """Return how many sessions ended."""
        ended = await self._end(by)
        if ended:  # else a client could write lines at no cost
            self.log.record(
                SecurityEvent.SESSIONS_ENDED,
                user_id=str(by.user_id),
                by=by.log_name,
                ended=ended,
                kept=str(by.session_id),
            )
        return ended

    @retried
    async def _end(self, by: Principal) -> int:
        async with self.storage.transaction() as tx:
            await authorize_change(tx, by, self.log)
            ended = await tx.sessions.end(other_sessions(await tx.sessions.of_user(by.user_id), by.session_id))
            if ended:
                event, after = SecurityEvent.SESSIONS_ENDED, {"endedSessions": ended}
                await tx.audit.append(AuditEntry(event=event, by=by, account=by.user_id, after=after))
            return ended
