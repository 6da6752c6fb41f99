from dataclasses import dataclass
from typing import final

from application.access.directory import AccessDirectory
from domain.access.decision import Access, Decision, Requirement, decide
from domain.access.principal import AccessToken, Principal
from domain.errors import InvalidToken, RoleRequired
from domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class AuthorizeRole:
    """May this account pass? The one place that is asked: by the guard for each request, by an admin for an
    explanation. All methods raise StorageUnavailable when what is known is too old and the database is away."""

    directory: AccessDirectory

    async def __call__(self, token: AccessToken, requirement: Requirement) -> Decision:
        """The decision for whoever holds this token."""
        return decide(await self.directory.access(token.subject), requirement, token.epoch)

    async def of(self, user_id: UserId, requirement: Requirement) -> Decision:
        """The decision for an account, whatever token it may hold."""
        return decide(await self.directory.access(user_id), requirement)

    async def admit(self, token: AccessToken, requirement: Requirement) -> Principal:
        """Who is asking; raise RoleRequired, or InvalidToken when the account is gone, disabled or the token ended."""
        access = await self.directory.access(token.subject)
        decision = decide(access, requirement, token.epoch)
        if decision.allowed:
            return principal(token, access)
        if decision.reason == "role_missing":
            raise RoleRequired(str(requirement))
        raise InvalidToken


def principal(token: AccessToken, access: Access | None) -> Principal:
    return Principal(
        user_id=token.subject, token_id=token.id, roles=access.roles if access is not None else frozenset()
    )
