import sys

import click

LONGEST_LINE = 8_192


def read_password() -> str:
    """Asked for twice on a terminal, unseen; else the first line of standard input. Never an argument: those are seen
    by everybody on the machine."""
    if sys.stdin.isatty():
        answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return answer
    line = sys.stdin.buffer.readline(LONGEST_LINE)
    try:
        password = line.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise click.UsageError("The password on standard input is not UTF-8 text.") from error
    if not password:
        raise click.UsageError("Pass the password on standard input, or run this on a terminal.")
    return password
