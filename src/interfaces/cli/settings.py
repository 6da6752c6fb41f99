import click

from doorward.infrastructure.settings.masking import masked_settings
from doorward.interfaces.cli.output import json_option, print_json, print_table
from doorward.interfaces.cli.running import settings_at_hand


@click.command()
@json_option
def settings(as_json: bool) -> None:  # noqa: FBT001 click's flag
    """Show the effective settings; secrets are masked."""
    values = masked_settings(settings_at_hand())
    if as_json:
        print_json(values)
    else:
        print_table(("SETTING", "VALUE"), [(name, text_of(value)) for name, value in values.items()])


def text_of(value: object) -> str:
    """As the environment would have it."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
