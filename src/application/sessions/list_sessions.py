from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.ports.storage import Storage
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.domain.sessions.session import Session, SessionPolicy


@dataclass(frozen=True, slots=True)
class ListedSession:
    session: Session
    ends_at: datetime
    """When the session expires if it is not used before."""


@final
@dataclass(frozen=True, slots=True)
class ListSessions:
    """Lists the sessions of an account that have not expired, the latest sign-in first."""

    storage: Storage
    policy: SessionPolicy

    async def __call__(self, user_id: UserId, now: datetime) -> Sequence[ListedSession]:
        """Raise AccountMissing."""
        async with self.storage.reading() as reading:
            sessions = await reading.sessions.of_user(user_id)
            if not sessions and await reading.users.get(user_id) is None:
                raise AccountMissing
        return [
            ListedSession(session, session.ends_at(self.policy))
            for session in sessions
            if not session.is_over(self.policy, now)
        ]
