"""Routes by which admins grant and revoke roles."""

from uuid import UUID

from dishka import FromDishka
from litestar import Controller, delete, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from doorward.application.access.grant_role import GrantRole
from doorward.application.access.revoke_role import RevokeRole
from doorward.application.ports.clock import Clock
from doorward.domain.access.decision import any_of
from doorward.domain.access.principal import Principal
from doorward.domain.access.role import ADMIN, parse_role_name
from doorward.domain.errors import (
    AccountMissing,
    InvalidRoleName,
    LastAdmin,
    RoleMissing,
)
from doorward.domain.ids import UserId
from doorward.interfaces.http.security.injection import inject


class AdminGrantsController(Controller):
    path = "/api/admin/users/{user_id:uuid}/roles/{role:str}"
    tags = ("Administration: accounts",)
    opt = {"access": any_of(ADMIN)}  # noqa: RUF012

    @put(
        "/",
        status_code=204,
        operation_id="grantRole",
        summary="Grant a role to an account",
        opt={
            "refusals": (
                AccountMissing,
                InvalidRoleName,
                RoleMissing,
            )
        },
    )
    @inject
    async def grant(
        self,
        user_id: FromPath[UUID],
        role: FromPath[str],
        principal: NamedDependency[Principal],
        grant: FromDishka[GrantRole],
        clock: FromDishka[Clock],
    ) -> None:
        """The role counts from the next request on. Granting a role that the account has changes nothing."""
        await grant(UserId(user_id), parse_role_name(role), clock.now(), by=principal)

    @delete(
        "/",
        operation_id="revokeRole",
        summary="Revoke a role of an account",
        opt={
            "refusals": (
                AccountMissing,
                InvalidRoleName,
                RoleMissing,
                LastAdmin,
            )
        },
    )
    @inject
    async def revoke(
        self,
        user_id: FromPath[UUID],
        role: FromPath[str],
        principal: NamedDependency[Principal],
        revoke: FromDishka[RevokeRole],
    ) -> None:
        """The revocation counts from the next request on. Revoking a role that the account lacks changes nothing."""
        await revoke(UserId(user_id), parse_role_name(role), by=principal)
