"""`doorward users import`: many accounts at once, with the hashes of their passwords."""

import sys
from typing import BinaryIO

import click

from doorward.application.accounts.import_users import ImportProgress, ImportUsers
from doorward.domain.errors import ImportRefused, ImportStopped
from doorward.interfaces.cli.output import json_option, print_json, shown
from doorward.interfaces.cli.running import BY, Parts, run

AGAIN = "Run it again with --skip-existing to go on."


@click.command(name="import")
@click.argument("file", type=click.File("rb"))
@click.option("--skip-existing", is_flag=True, help="Leave accounts whose username or email is in use as they are.")
@json_option
def import_users(file: BinaryIO, skip_existing: bool, as_json: bool) -> None:  # noqa: FBT001 click's flags
    """Import the accounts in FILE (- for standard input), with the hashes of their passwords.

    FILE is JSON Lines: one object a line, with username, email and passwordHash (a PHC string of Argon2) and, where
    you like, roles (a list), disabled (true or false) and createdAt (RFC 3339):

    \b
        {"username": "ada", "email": "ada@example.org", "passwordHash": "$argon2id$v=19$m=19456,t=2,p=1$...$..."}

    All of it is checked before anything is written. What stopped half-way can be run again with --skip-existing.
    """
    progress = Progress()
    try:
        done = imported(file, progress, skip_existing=skip_existing)
    except ImportRefused as refused:
        progress.end()
        for line, text in refused.wrong.items():
            click.echo(f"line {line}: {shown(text)}", err=True)
        if refused.more:
            click.echo(f"and {refused.more} more", err=True)
        if refused.in_use:
            click.echo("With --skip-existing, accounts that are there already are left as they are.", err=True)
        raise
    except ImportStopped as stopped:
        progress.end()
        raise ImportStopped(f"{stopped} {AGAIN}") from stopped
    except KeyboardInterrupt:
        progress.end()
        click.echo(interrupted(progress.latest), err=True)
        raise
    progress.end()
    if as_json:
        print_json({"imported": done.imported, "skipped": done.skipped})
        return
    skipped = f" Skipped {done.skipped}." if skip_existing else ""
    click.echo(f"Imported {done.imported} accounts.{skipped}")


def interrupted(latest: ImportProgress) -> str:
    """What is in the database after Ctrl-C: of the batch at hand nobody knows."""
    if latest.stored:
        return f"The accounts up to line {latest.stored} are in the database, perhaps some more. {AGAIN}"
    return f"No accounts are in the database, or few. {AGAIN}"


def imported(file: BinaryIO, progress: "Progress", *, skip_existing: bool) -> ImportProgress:
    from doorward.interfaces.cli.account_file import repeatable  # noqa: PLC0415 heavy

    async def work(parts: Parts) -> ImportProgress:
        use_case = await parts.get(ImportUsers)
        return await use_case(entries, parts.now, by=BY, skip_existing=skip_existing, told=progress)

    with repeatable(file) as entries:
        return run(work)


class Progress:
    """How far it is, on a terminal alone."""

    def __init__(self) -> None:
        self.latest = ImportProgress()
        self._shows = sys.stderr.isatty()

    def __call__(self, progress: ImportProgress) -> None:
        self.latest = progress
        if self._shows:
            stage, line = ("Imported", progress.stored) if progress.stored else ("Checked", progress.checked)
            click.echo(f"\r{stage} line {line:,}", nl=False, err=True)

    def end(self) -> None:
        if self._shows and self.latest != ImportProgress():
            click.echo(err=True)
