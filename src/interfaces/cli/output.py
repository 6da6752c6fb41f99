"""What commands print: for people by default, for scripts with `--json`."""

import json
from collections.abc import Sequence
from datetime import datetime

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    lines = [list(headings), *([shown(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def shown(text: str) -> str:
    """On a terminal nothing but text: control and bidi characters in their escapes."""
    return text if text.isprintable() else json.dumps(text)[1:-1].replace("\x7f", "\\u007f")


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC, as the API writes it."""
    return moment.isoformat().replace("+00:00", "Z")
