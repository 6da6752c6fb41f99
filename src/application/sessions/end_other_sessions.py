from dataclasses import dataclass
from typing import final

from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.ids import SessionId, UserId
from doorward.domain.sessions.ending import other_sessions


@final
@dataclass(frozen=True, slots=True)
class EndOtherSessions:
    """Ends every session of an account but the one of the request."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, user_id: UserId, kept: SessionId, by: str) -> int:
        """Return how many sessions ended."""
        ended = await self._end(user_id, kept)
        if ended:  # else a client could write lines at no cost
            self.log.record(SecurityEvent.SESSIONS_ENDED, user_id=str(user_id), by=by, ended=ended, kept=str(kept))
        return ended

    @retried
    async def _end(self, user_id: UserId, kept: SessionId) -> int:
        async with self.storage.transaction() as tx:
            await tx.users.lock(user_id)
            return await tx.sessions.end(other_sessions(await tx.sessions.of_user(user_id), kept))
