from dataclasses import dataclass
from typing import final

from doorward.application.access.authorize_role import AuthorizeRole
from doorward.application.accounts.find_user import FindUser
from doorward.domain.access.decision import Decision, Requirement
from doorward.domain.accounts.user import User


@dataclass(frozen=True, slots=True)
class Explanation:
    user: User
    decision: Decision


@final
@dataclass(frozen=True, slots=True)
class ExplainAccess:
    """May this account do this, and why: what the guard would say of it now, in its own words."""

    find: FindUser
    authorize: AuthorizeRole

    async def __call__(self, name: str, requirement: Requirement) -> Explanation:
        """`name` is an id, a username or an email. Raise AccountMissing."""
        user = await self.find.named(name)
        return Explanation(user, await self.authorize.of(user.id, requirement))
