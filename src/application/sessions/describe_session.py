from dataclasses import dataclass
from typing import final

from doorward.application.ports.storage import Storage
from doorward.application.sessions.list_sessions import ListedSession
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidToken
from doorward.domain.ids import SessionId
from doorward.domain.sessions.session import SessionPolicy


@final
@dataclass(frozen=True, slots=True)
class DescribeSession:
    """Returns the signed-in account and the session of the request."""

    storage: Storage
    policy: SessionPolicy

    async def __call__(self, session_id: SessionId) -> tuple[User, ListedSession]:
        """Raise InvalidToken if the session has just ended."""
        async with self.storage.reading() as reading:
            found = await reading.sessions.with_user(session_id)
        if found is None:
            raise InvalidToken
        session, user = found
        return user, ListedSession(session, session.ends_at(self.policy))
