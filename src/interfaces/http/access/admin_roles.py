"""Routes by which admins manage the roles that exist."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from dishka import FromDishka
from litestar import Controller, Response, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from doorward.application.access.define_role import DefineRole
from doorward.application.access.find_role import FindRole
from doorward.application.access.list_roles import ListRoles
from doorward.application.access.remove_role import RemoveRole
from doorward.application.ports.clock import Clock
from doorward.domain.access.decision import any_of
from doorward.domain.access.principal import Principal
from doorward.domain.access.role import ADMIN, Role, parse_role_name
from doorward.domain.errors import (
    InvalidDescription,
    InvalidRoleName,
    RoleBuiltIn,
    RoleMissing,
)
from doorward.interfaces.http.docs.answers import json_response
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.wire.text_limits import ROLE_DESCRIPTION


class RoleBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    description: (
        Annotated[str, Meta(examples=["May publish articles."], extra_json_schema=ROLE_DESCRIPTION)] | msgspec.UnsetType
    ) = msgspec.UNSET


class RoleView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    name: Annotated[str, Meta(examples=["editor"])]
    description: str
    built_in: bool
    created_at: Annotated[datetime, Meta(tz=True)]


class RoleList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    roles: list[RoleView]


def role_view(role: Role) -> RoleView:
    """Return a role as admins see it."""
    return RoleView(name=role.name, description=role.description, built_in=role.built_in, created_at=role.created_at)


def role_list(roles: Sequence[Role]) -> RoleList:
    """Return roles as admins see them."""
    return RoleList(roles=[role_view(role) for role in roles])


class AdminRolesController(Controller):
    path = "/api/admin/roles"
    tags = ("Administration: roles",)
    opt = {"access": any_of(ADMIN), "refusals": (InvalidRoleName, RoleMissing)}  # noqa: RUF012

    @get("/", operation_id="listRoles", summary="List all roles", opt={"refusals": ()})
    @inject
    async def list_roles(self, roles: FromDishka[ListRoles]) -> RoleList:
        return role_list(await roles())

    @get("/{role:str}", operation_id="getRole", summary="Get one role")
    @inject
    async def get_role(self, role: FromPath[str], find: FromDishka[FindRole]) -> RoleView:
        return role_view(await find(parse_role_name(role)))

    @put(
        "/{role:str}",
        operation_id="putRole",
        summary="Add a role, or change its description",
        responses=json_response(RoleView, 201),
        opt={
            "refusals": (InvalidRoleName, InvalidDescription),
        },
    )
    @inject
    async def define(
        self,
        role: FromPath[str],
        data: JSONBody[RoleBody],
        principal: NamedDependency[Principal],
        define: FromDishka[DefineRole],
        clock: FromDishka[Clock],
    ) -> Response[RoleView]:
        """The answer is 201 when the role is new. Without a description the role keeps the one that it has."""
        description = None if data.description is msgspec.UNSET else data.description
        defined = await define(role, description, clock.now(), by=principal)
        return Response(role_view(defined.role), status_code=201 if defined.added else 200)

    @delete(
        "/{role:str}",
        operation_id="removeRole",
        summary="Remove a role",
        opt={"refusals": (InvalidRoleName, RoleMissing, RoleBuiltIn)},
    )
    @inject
    async def remove(
        self, role: FromPath[str], principal: NamedDependency[Principal], remove: FromDishka[RemoveRole]
    ) -> None:
        """Every account that has the role loses it from the next request on."""
        await remove(parse_role_name(role), by=principal)
