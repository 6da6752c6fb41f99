from dataclasses import dataclass
from typing import final

from doorward.application.change_feed.directory import AccessDirectory
from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.domain.access.decision import Decision, Requirement, decide
from doorward.domain.access.principal import AccessToken
from doorward.domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class AuthorizeRole:
    """May this account pass? The one place that is asked: by the guard for each request, by an admin for an
    explanation. All methods raise StorageUnavailable when what is known is too old and the database is away."""

    directory: AccessDirectory
    ended: EndedSessions

    def at_once(self, token: AccessToken, requirement: Requirement) -> Decision | None:
        """What a call would decide, if all that it takes is known; None when the database must be asked."""
        ended = self.ended.knows(token)
        if ended is None:
            return None
        if ended:
            return session_ended(requirement)
        known = self.directory.known(token.subject)
        return None if known is None else decide(known.access, requirement, token.epoch)

    async def __call__(self, token: AccessToken, requirement: Requirement) -> Decision:
        """The decision for whoever holds this token: its session goes on, its account may pass."""
        ended = self.ended.knows(token)
        if ended is None:
            ended = await self.ended.ask(token)
        if ended:
            return session_ended(requirement)
        return decide(await self.directory.access(token.subject), requirement, token.epoch)

    async def of(self, user_id: UserId, requirement: Requirement) -> Decision:
        """The decision for an account, whatever token it may hold."""
        return decide(await self.directory.access(user_id), requirement)


def session_ended(requirement: Requirement) -> Decision:
    return Decision(allowed=False, reason="session_ended", requirement=requirement)
