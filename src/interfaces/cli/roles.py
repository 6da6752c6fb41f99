"""`doorward roles`: list, add and remove roles."""

from collections.abc import Sequence

import click

from doorward.application.access.define_role import DefineRole
from doorward.application.access.list_roles import ListRoles
from doorward.application.access.remove_role import RemoveRole
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import Role, RoleName
from doorward.interfaces.cli.output import json_option, print_json, print_table, rfc3339
from doorward.interfaces.cli.running import CommandContext, run


@click.group()
def roles() -> None:
    """List, add and remove roles. The roles user, moderator and admin are built in."""


@roles.command(name="list")
@json_option
def list_roles(as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """List every role."""

    async def work(context: CommandContext) -> Sequence[Role]:
        return await (await context.get(ListRoles))()

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
    """Add a role, or change the description of an existing one."""

    async def work(context: CommandContext) -> bool:
        return (await (await context.get(DefineRole))(name, description, context.now, OPERATOR)).added

    if run(work):
        click.echo(f"Added the role {name}.")
    else:
        click.echo(f"The role {name} exists already{'' if description is None else '; its description was changed'}.")


@roles.command()
@click.argument("name", metavar="ROLE")
def remove(name: str) -> None:
    """Remove a role, and revoke it from every account that holds it."""

    async def work(context: CommandContext) -> None:
        await (await context.get(RemoveRole))(RoleName(name), OPERATOR)

    run(work)
    click.echo(f"Removed the role {name}.")


def as_object(role: Role) -> dict[str, object]:
    """Return a role with the members that the API uses."""
    return {
        "name": role.name,
        "description": role.description,
        "builtIn": role.built_in,
        "createdAt": rfc3339(role.created_at),
    }
