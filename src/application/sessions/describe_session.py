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
    """Who am I: the account that is signed in, and the session that it asks in."""

    storage: Storage
    policy: SessionPolicy

    async def __call__(self, session_id: SessionId) -> tuple[User, ListedSession]:
        """Raise InvalidToken when the session has just ended."""
        async with self.storage.reading() as reading:
            found = await reading.sessions.with_user(session_id)
        if found is None:
            raise InvalidToken
        session, user = found
        return user, ListedSession(session, session.ends_at(self.policy))
