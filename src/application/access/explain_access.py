from dataclasses import dataclass
from typing import final

from doorward.application.accounts.identify_user import IdentifyUser
from doorward.application.change_feed.directory import AccessDirectory
from doorward.domain.access.decision import Decision, Requirement, decide
from doorward.domain.accounts.user import User


@dataclass(frozen=True, slots=True)
class Explanation:
    user: User
    decision: Decision


@final
@dataclass(frozen=True, slots=True)
class ExplainAccess:
    """Explains whether an account meets a requirement: the decision that the guard would make now, and its reason."""

    identify: IdentifyUser
    directory: AccessDirectory

    async def __call__(self, name: str, requirement: Requirement) -> Explanation:
        """`name` is an id or a username. Raise AccountMissing or EmailUnproven."""
        user = await self.identify(name)
        return Explanation(user, decide(await self.directory.access(user.id), requirement))
