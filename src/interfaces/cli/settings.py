"""`doorward settings`: show the effective settings, and change those that all nodes share."""

import sys
from collections.abc import Sequence

import click

from doorward.infrastructure.settings.masking import masked_settings
from doorward.interfaces.cli.output import json_option, print_json, print_table
from doorward.interfaces.cli.running import CommandContext, current_settings, run


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def settings(context: click.Context, as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """Show the effective settings; secrets are masked."""
    if context.invoked_subcommand is not None:
        return
    values = masked_settings(current_settings())
    if as_json:
        print_json(values)
    else:
        print_table(("SETTING", "VALUE"), [(name, text_of(value)) for name, value in values.items()])


@settings.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def adopt(yes: bool) -> None:  # noqa: FBT001 click passes flags so
    """Make the settings of this machine that all nodes on the database must share those of all nodes: the issuer, the
    audience, the life of access tokens, and the master secret.

    Access tokens with the former issuer or audience are refused from then on; clients get new ones with their refresh
    tokens. Other nodes do not start again before they have the same settings. On a terminal it asks first.
    """
    if not yes and sys.stdin.isatty():
        click.confirm("Change the settings that all nodes share to those of this machine?", abort=True, err=True)
    from doorward.application.nodes.adopt_settings import AdoptSettings  # noqa: PLC0415 heavy
    from doorward.application.nodes.list_nodes import ListNodes  # noqa: PLC0415 heavy
    from doorward.application.nodes.shared_settings import Replaced  # noqa: PLC0415 heavy
    from doorward.domain.access.actor import OPERATOR  # noqa: PLC0415 heavy

    async def work(context: CommandContext) -> tuple[Sequence[Replaced], Sequence[str]]:
        replaced = await (await context.get(AdoptSettings))(OPERATOR)
        found = await (await context.get(ListNodes))()
        return replaced, [seen.node.name for seen in found.alive]

    replaced, alive = run(work)
    for change in replaced:
        click.echo(f"Changed {change.called} from {change.before} to {change.after}.")
    if not replaced:
        click.echo("Nothing to change.")
    elif alive:
        click.echo(f"Still alive, to be restarted with the new settings: {', '.join(alive)}.", err=True)


def text_of(value: object) -> str:
    """Return the value as it is written in an environment variable, in one line."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value).replace("\n", "\\n")
