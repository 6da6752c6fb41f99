"""What commands print: tables for people, JSON for scripts (`--json`), and refusals."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

import click

EXIT_REFUSED = 1
"""The exit code of a command that was refused, or that found something wrong."""

EXIT_UNUSABLE = 2
"""The exit code for wrong usage, wrong settings, or a database that cannot be used."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def print_json(value: object) -> None:
    """Print a value as indented JSON."""
    click.echo(json.dumps(value, indent=2))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns that are as wide as their widest cell."""
    lines = [list(headings), *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def printable(text: str) -> str:
    """Return the text with control and bidirectional characters escaped, so that a terminal does not obey them."""
    return text if text.isprintable() else json.dumps(text)[1:-1].replace("\x7f", "\\u007f")


def rfc3339(moment: datetime) -> str:
    """Return the moment in RFC 3339, in UTC, as the API writes it."""
    return moment.isoformat().replace("+00:00", "Z")


def refuse(text: str, code: int) -> NoReturn:
    """Print one line on standard error, and end the program with this exit code."""
    click.echo(f"doorward: {printable(text)}", err=True)
    sys.exit(code)
