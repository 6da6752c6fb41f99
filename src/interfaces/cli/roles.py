"""`doorward roles`: which roles there are."""

from collections.abc import Sequence

import click

from doorward.application.access.define_role import DefineRole
from doorward.application.access.list_roles import ListRoles
from doorward.application.access.remove_role import RemoveRole
from doorward.domain.access.role import Role, RoleName
from doorward.interfaces.cli.output import json_option, print_json, print_table, stamp
from doorward.interfaces.cli.running import BY, Parts, run


@click.group()
def roles() -> None:
    """List, add and remove roles. The roles user, moderator and admin are built in."""


@roles.command(name="list")
@json_option
def list_roles(as_json: bool) -> None:  # noqa: FBT001 click's flag
    """List every role."""

    async def work(parts: Parts) -> Sequence[Role]:
        return await (await parts.get(ListRoles))()

    found = run(work)
    if as_json:
        print_json({"roles": [as_object(role) for role in found]})
    else:
        rows = [(role.name, "yes" if role.built_in else "no", role.description) for role in found]
        print_table(("ROLE", "BUILT IN", "DESCRIPTION"), rows)


@roles.command()
@click.argument("name", metavar="ROLE")
@click.option("--description", help="What the role is for.")
def add(name: str, description: str | None) -> None:
    """Add a role, or change the description of one that is there."""

    async def work(parts: Parts) -> bool:
        return (await (await parts.get(DefineRole))(name, description, parts.now, BY)).added

    if run(work):
        click.echo(f"Added the role {name}.")
    else:
        click.echo(f"The role {name} is there already{'' if description is None else '; described it anew'}.")


@roles.command()
@click.argument("name", metavar="ROLE")
def remove(name: str) -> None:
    """Remove a role, also from everybody who holds it."""

    async def work(parts: Parts) -> None:
        await (await parts.get(RemoveRole))(RoleName(name), BY)

    run(work)
    click.echo(f"Removed the role {name}.")


def as_object(role: Role) -> dict[str, object]:
    """The members that the API gives a role, too."""
    return {
        "name": role.name,
        "description": role.description,
        "builtIn": role.built_in,
        "createdAt": stamp(role.created_at),
    }
