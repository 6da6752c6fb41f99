"""Reads passwords for commands."""

import sys
from codecs import BOM_UTF8

import click

MAX_LINE_BYTES = 8_192
NO_PASSWORD = "Pass the password on standard input, or run this on a terminal."  # noqa: S105 a message


def read_password() -> str:
    """Return a new password. On a terminal it is asked for twice and not shown; otherwise it is the first line of
    standard input, without a byte order mark. Raise click.UsageError without a password.

    It is never an argument, since every user of the machine can see the arguments of a process.
    """
    if sys.stdin is None:  # it was closed when the process started
        raise click.UsageError(NO_PASSWORD)
    if sys.stdin.isatty():
        answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return answer
    line = sys.stdin.buffer.readline(MAX_LINE_BYTES)
    try:
        password = line.removeprefix(BOM_UTF8).decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise click.UsageError("The password on standard input is not UTF-8 text.") from error
    if not password:
        raise click.UsageError(NO_PASSWORD)
    return password
