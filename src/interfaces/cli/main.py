"""The command line: a second interface to the same use cases."""

import errno
import gc
import os
import sys
import traceback
from typing import NoReturn

import click

from doorward.domain.errors import DomainError, Unavailable
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.interfaces.cli.output import EXIT_REFUSED, EXIT_UNUSABLE, refuse

OUTPUT_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})
"""The errors of a write to a file on a full or broken disk."""


def main() -> NoReturn:
    """Run the program. A refusal prints one line on standard error and no traceback."""
    try:
        code = run_command()
    except Exception:  # noqa: BLE001 the text of an exception of an adapter may hold its URL
        report_fault()
        code = EXIT_REFUSED
    sys.exit(code)


def run_command() -> int:
    """Run the command that the arguments name, and return the exit code or raise SystemExit."""
    gc.disable()  # imports create no garbage, and collecting while importing takes time; workers enable it again
    os.umask(0o077)  # files that are created belong to this user only
    occupy_standard_descriptors()
    from doorward.interfaces.cli.commands import cli  # noqa: PLC0415 after the collector is off

    try:
        code = cli.main(prog_name="doorward", standalone_mode=False)
        sys.stdout.flush()
    except click.Abort:
        refuse("stopped", EXIT_REFUSED)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except StartRefused as refused:
        refuse(str(refused), EXIT_UNUSABLE)
    except Unavailable as refused:
        refuse(f"{refused} ({refused.cause})", EXIT_REFUSED)
    except DomainError as refused:
        refuse(str(refused), EXIT_REFUSED)
    except BrokenPipeError:  # the reader, such as `head`, has closed the pipe
        discard_output()
        code = EXIT_REFUSED
    except OSError as error:
        if error.errno not in OUTPUT_ERRORS:
            raise
        discard_output()
        refuse(f"standard output cannot be written: {error.strerror}", EXIT_REFUSED)
    return code if isinstance(code, int) else 0


def report_fault() -> None:
    """Print the exception that is being handled with its traceback, without what looks like a secret."""
    from doorward.infrastructure.log.redaction import masked  # noqa: PLC0415 for faults alone

    click.echo(masked(traceback.format_exc()), err=True, nl=False)


def discard_output() -> None:
    """Let standard output lead to /dev/null, so that Python can flush it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def occupy_standard_descriptors() -> None:
    """Open /dev/null for each standard descriptor that is closed.

    Otherwise the next file to be opened gets that number, and log lines are written into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
