from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.accounts.identify_user import IdentifyUser
from doorward.application.change_feed.directory import AccessDirectory
from doorward.application.ports.clock import Clock
from doorward.domain.access.decision import Decision, Requirement, decide
from doorward.domain.accounts.user import User


@dataclass(frozen=True, slots=True)
class Explanation:
    user: User
    decision: Decision
    at: datetime
    """When the decision was made."""


@final
@dataclass(frozen=True, slots=True)
class ExplainAccess:
    """Explains whether an account meets a requirement: the decision that the guard would make now, and its reason."""

    identify: IdentifyUser
    directory: AccessDirectory
    clock: Clock

    async def __call__(self, name: str, requirement: Requirement) -> Explanation:
        """`name` is an id or a username. Raise AccountMissing or EmailUnproven."""
        user = await self.identify(name)
        access, now = await self.directory.access(user.id), self.clock.now()
        return Explanation(user, decide(access, requirement, now), now)
