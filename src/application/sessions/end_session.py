from dataclasses import dataclass
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Actor
from doorward.domain.errors import SessionMissing
from doorward.domain.ids import SessionId, UserId


@final
@dataclass(frozen=True, slots=True)
class EndSession:
    """Ends one session. Its refresh token is invalid and its access tokens are refused: on this node at once, on all
    others within a second."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, user_id: UserId, session_id: SessionId, by: Actor) -> None:
        """Raise AccountMissing, or SessionMissing: also for a session of another account."""
        if not await self._end(user_id, session_id, by):
            raise SessionMissing
        self.log.record(SecurityEvent.SESSION_ENDED, user_id=str(user_id), session_id=str(session_id), by=by.log_name)

    @retried
    async def _end(self, user_id: UserId, session_id: SessionId, by: Actor) -> bool:
        async with self.storage.transaction() as tx:
            await authorize_change_of(tx, user_id, by, self.log)
            session = await tx.sessions.get(session_id)
            if session is None or session.user_id != user_id:
                return False
            ended = await tx.sessions.end([session]) > 0
            if ended:
                event, before = SecurityEvent.SESSION_ENDED, {"session": str(session_id)}
                await tx.audit.append(AuditEntry(event=event, by=by, account=user_id, before=before))
            return ended
