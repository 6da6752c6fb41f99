from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.change_feed.directory import AccessDirectory
from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.domain.access.decision import Decision, Requirement, decide, session_ended
from doorward.domain.access.principal import AccessToken


@final
@dataclass(frozen=True, slots=True)
class AuthorizeFromCache:
    """Makes the decision of AuthorizeRole if this node has cached all that it depends on."""

    directory: AccessDirectory
    ended: EndedSessions

    def __call__(self, token: AccessToken, requirement: Requirement, now: datetime) -> Decision | None:
        """Return the decision, or None when the database must be read."""
        ended = self.ended.has_ended(token)
        if ended is None:
            return None
        if ended:
            return session_ended(requirement)
        entry = self.directory.known(token.subject)
        return None if entry is None else decide(entry.access, requirement, now, token.epoch)
