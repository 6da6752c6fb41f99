"""The command line: a second door to the same use cases."""

import gc
import os
import sys
from typing import NoReturn

import click

from doorward.domain.errors import DomainError
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.interfaces.cli.output import shown

REFUSED, UNUSABLE = 1, 2


def main() -> NoReturn:
    """The program. A refusal is one line on standard error, never a traceback."""
    gc.disable()  # of what a command imports, nothing ever becomes garbage; workers switch it on again
    os.umask(0o077)  # whatever is made, is made for us alone
    occupy_standard_descriptors()
    from doorward.interfaces.cli.commands import cli  # noqa: PLC0415 without the collector, as said

    try:
        code = cli.main(prog_name="doorward", standalone_mode=False)
    except click.Abort:
        refuse("stopped", REFUSED)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except StartRefused as refused:
        refuse(str(refused), UNUSABLE)
    except DomainError as refused:
        refuse(str(refused), REFUSED)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = REFUSED
    sys.exit(code if isinstance(code, int) else 0)


def occupy_standard_descriptors() -> None:
    """Where standard input, output or error is closed, the next file would take its number, and get the log."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one


def refuse(text: str, code: int) -> NoReturn:
    click.echo(f"doorward: {shown(text)}", err=True)
    sys.exit(code)
