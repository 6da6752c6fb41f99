from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.change_feed.directory import AccessDirectory
from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.domain.access.decision import Decision, Requirement, decide, session_ended
from doorward.domain.access.principal import AccessToken


@final
@dataclass(frozen=True, slots=True)
class AuthorizeRole:
    """Decides whether the holder of an access token may pass: its session has not ended, and its account meets the
    requirement. The database is read for what is not cached."""

    directory: AccessDirectory
    ended: EndedSessions

    async def __call__(self, token: AccessToken, requirement: Requirement, now: datetime) -> Decision:
        """Raise StorageUnavailable when the database must be read and does not answer."""
        ended = self.ended.has_ended(token)
        if ended is None:
            ended = await self.ended.query(token)
        if ended:
            return session_ended(requirement)
        return decide(await self.directory.access(token.subject), requirement, now, token.epoch)
