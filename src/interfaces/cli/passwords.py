import sys

import click

MAX_LINE_BYTES = 8_192


def read_password() -> str:
    """Read a new password: asked for twice on a terminal, without showing it, else the first line of standard input.

    It is never an argument, since every user of the machine can see the arguments of a process.
    """
    if sys.stdin.isatty():
        answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return answer
    line = sys.stdin.buffer.readline(MAX_LINE_BYTES)
    try:
        password = line.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise click.UsageError("The password on standard input is not UTF-8 text.") from error
    if not password:
        raise click.UsageError("Pass the password on standard input, or run this on a terminal.")
    return password
