"""`doorward services`: register programs that may introspect and revoke tokens."""

import sys
from collections.abc import Sequence

import click

from doorward.application.services.list_services import ListServices
from doorward.application.services.register_service import RegisteredService, RegisterService
from doorward.application.services.remove_service import RemoveService
from doorward.domain.access.actor import OPERATOR
from doorward.domain.services.service import Service
from doorward.interfaces.cli.output import json_option, print_json, print_table, rfc3339
from doorward.interfaces.cli.running import CommandContext, run


@click.group()
def services() -> None:
    """Register, list and remove services: programs of yours that may introspect and revoke tokens."""


@services.command()
@click.argument("name")
@json_option
def add(name: str, as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """Register a service, and print its id and secret.

    The secret is printed this once; only a hash of it is kept. To replace one, register the service under another
    name, and remove the old one when nothing uses it any more.
    """

    async def work(context: CommandContext) -> RegisteredService:
        return await (await context.get(RegisterService))(name, context.now, OPERATOR)

    registered = run(work)
    service, secret = registered.service, registered.secret
    if as_json:
        print_json(as_object(service) | {"secret": secret})
        return
    click.echo(f"Added {service.name}.\nid: {service.id}\nsecret: {secret}")
    click.echo("Store the secret now: it is not shown again.", err=True)


@services.command(name="list")
@json_option
def list_services(as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """List the services, without their secrets."""

    async def work(context: CommandContext) -> Sequence[Service]:
        return await (await context.get(ListServices))()

    found = run(work)
    if as_json:
        print_json({"services": [as_object(service) for service in found]})
    else:
        print_table(("NAME", "ID", "CREATED"), [(each.name, each.id, rfc3339(each.created_at)) for each in found])


@services.command()
@click.argument("which", metavar="SERVICE")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(which: str, yes: bool) -> None:  # noqa: FBT001 click passes flags so
    """Remove a service, by its id or name; from its next request on it is refused. On a terminal it asks first."""
    if not yes and sys.stdin.isatty():
        click.confirm(f"Remove the service {which}?", abort=True, err=True)

    async def work(context: CommandContext) -> Service:
        return await (await context.get(RemoveService))(which, OPERATOR)

    service = run(work)
    click.echo(f"Removed {service.name} ({service.id}).")


def as_object(service: Service) -> dict[str, object]:
    """Return a service without its secret, for JSON."""
    return {"id": service.id, "name": service.name, "createdAt": rfc3339(service.created_at)}
