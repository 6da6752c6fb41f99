"""`doorward settings`: show the effective settings."""

import click

from doorward.infrastructure.settings.masking import masked_settings
from doorward.interfaces.cli.output import json_option, print_json, print_table
from doorward.interfaces.cli.running import current_settings


@click.command()
@json_option
def settings(as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """Show the effective settings; secrets are masked."""
    values = masked_settings(current_settings())
    if as_json:
        print_json(values)
    else:
        print_table(("SETTING", "VALUE"), [(name, text_of(value)) for name, value in values.items()])


def text_of(value: object) -> str:
    """Return the value as it is written in an environment variable, in one line."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value).replace("\n", "\\n")
