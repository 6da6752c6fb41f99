"""`doorward users import`: import many accounts with the hashes of their passwords."""

import sys
from typing import BinaryIO

import click

from doorward.application.accounts.import_users import ImportProgress, ImportUsers
from doorward.domain.access.actor import OPERATOR
from doorward.domain.errors import ImportRefused, ImportStopped
from doorward.interfaces.cli.output import EXIT_REFUSED, json_option, print_json, printable, refuse
from doorward.interfaces.cli.running import CommandContext, run

HOW_TO_CONTINUE = "Run it again with --skip-existing to continue."


@click.command(name="import")
@click.argument("file", type=click.File("rb"))
@click.option("--skip-existing", is_flag=True, help="Leave accounts whose username or email is in use as they are.")
@json_option
def import_users(file: BinaryIO, skip_existing: bool, as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """Import the accounts in FILE (- for standard input), with the hashes of their passwords.

    FILE is JSON Lines: one object per line, with username, email and passwordHash (of Argon2, bcrypt,
    PBKDF2, scrypt or SHA-512-crypt). Optional members are id (a UUID), roles (a list), disabled (true or false) and
    createdAt (RFC 3339):

    \b
        {"username": "ada", "email": "ada@example.org", "passwordHash": "$argon2id$v=19$m=19456,t=2,p=1$...$..."}

    All lines are checked before anything is written. An import that stopped half-way can be run again with
    --skip-existing.
    """
    progress = ProgressDisplay()
    try:
        done = run_import(file, progress, skip_existing=skip_existing)
    except ImportRefused as refused:
        progress.end()
        for line, text in refused.wrong.items():
            click.echo(f"line {line}: {printable(text)}", err=True)
        if refused.more:
            click.echo(f"and {refused.more} more", err=True)
        if refused.in_use:
            click.echo("With --skip-existing, accounts that exist already are left as they are.", err=True)
        refuse(str(refused), EXIT_REFUSED)
    except ImportStopped as stopped:
        progress.end()
        refuse(f"{stopped} {HOW_TO_CONTINUE}", EXIT_REFUSED)
    except KeyboardInterrupt:
        progress.end()
        refuse(f"stopped. {interruption_text(progress.latest)}", EXIT_REFUSED)
    progress.end()
    if as_json:
        print_json({"imported": done.imported, "skipped": done.skipped})
        return
    skipped = f" Skipped {done.skipped}." if skip_existing else ""
    click.echo(f"Imported {done.imported} accounts.{skipped}")


def interruption_text(latest: ImportProgress) -> str:
    """Return what is in the database after Ctrl-C. Whether the current batch was stored is unknown."""
    if latest.stored:
        return f"The accounts up to line {latest.stored} are in the database, and perhaps some more. {HOW_TO_CONTINUE}"
    return f"No accounts or only a few are in the database. {HOW_TO_CONTINUE}"


def run_import(file: BinaryIO, progress: "ProgressDisplay", *, skip_existing: bool) -> ImportProgress:
    """Import the accounts of a file, and return how many were imported and skipped. Raise ImportRefused or
    ImportStopped."""
    from doorward.interfaces.cli.account_file import open_entries  # noqa: PLC0415 heavy

    async def work(context: CommandContext) -> ImportProgress:
        use_case = await context.get(ImportUsers)
        return await use_case(entries, context.now, by=OPERATOR, skip_existing=skip_existing, on_progress=progress)

    with open_entries(file) as entries:
        return run(work)


class ProgressDisplay:
    """Shows the progress of the import on standard error if that is a terminal."""

    def __init__(self) -> None:
        self.latest = ImportProgress()
        self._is_terminal = sys.stderr.isatty()

    def __call__(self, progress: ImportProgress) -> None:
        self.latest = progress
        if self._is_terminal:
            stage, line = ("Imported", progress.stored) if progress.stored else ("Checked", progress.checked)
            click.echo(f"\r{stage} line {line:,}", nl=False, err=True)

    def end(self) -> None:
        """End the line on which the progress is shown."""
        if self._is_terminal and self.latest != ImportProgress():
            click.echo(err=True)
