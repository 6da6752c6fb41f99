"""`doorward restore`: store the content of a backup in a database."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.quantity import quantity
from doorward.infrastructure.settings.settings import Settings
from doorward.interfaces.cli.backup import offering_backups
from doorward.interfaces.cli.backup_progress import BackupProgress
from doorward.interfaces.cli.output import rfc3339
from doorward.interfaces.cli.running import STANDARD_ERROR_DESCRIPTOR, current_settings

if TYPE_CHECKING:
    from doorward.application.ports.security import KeySealer
    from doorward.infrastructure.adapters.backup_adapter import Restored
    from doorward.infrastructure.backup.voided import Row


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--end-sessions/--keep-sessions",
    "end_sessions",
    default=True,
    help="Whether sessions, tokens, links of letters and signing keys of the backup are void (by default), or stay as "
    "they are, for a move to another database with the service stopped.",
)
@click.option("--replace", is_flag=True, help="Delete what the database holds, also accounts.")
def restore(file: BinaryIO, end_sessions: bool, replace: bool) -> None:  # noqa: FBT001 click passes flags so
    """Store the backup FILE (- for standard input) in the database, which must hold no accounts.

    Without tables, it gets those of the backup, and then those of this version. Nobody is signed in afterwards, and
    letters that waited are not sent. A restore that was interrupted is begun anew; until it has ended, no node starts
    on the database.
    """
    settings = current_settings()
    from doorward.infrastructure.log.configure import configure_logging  # noqa: PLC0415 heavy

    configure_logging(settings, STANDARD_ERROR_DESCRIPTOR)
    try:
        done = asyncio.run(run_restore(settings, file, end_sessions=end_sessions, replace=replace))
    except OSError as error:
        raise click.ClickException(f"{file.name} cannot be read: {error.strerror}.") from None
    for line in report(done, end_sessions=end_sessions):
        click.echo(line)


async def run_restore(settings: Settings, file: BinaryIO, *, end_sessions: bool, replace: bool) -> "Restored":
    from doorward.application.ports.security import KeySealer, SecurityLog  # noqa: PLC0415 heavy
    from doorward.application.ports.security_events import SecurityEvent  # noqa: PLC0415 heavy
    from doorward.infrastructure.adapters.backup_adapter import RestoreRequest  # noqa: PLC0415 heavy
    from doorward.infrastructure.adapters.storage_adapter import StorageAdapter  # noqa: PLC0415 heavy
    from doorward.infrastructure.backup.voided import RestoreRules  # noqa: PLC0415 heavy
    from doorward.infrastructure.container import make_container  # noqa: PLC0415 heavy

    container = make_container(settings)
    try:
        offered = offering_backups(await container.get(StorageAdapter))
        sealer = await container.get(KeySealer)
        rules = RestoreRules(
            end_sessions=end_sessions, now=SystemClock().now(), resealed=lambda row: resealed(sealer, row)
        )
        progress = BackupProgress("Restored")
        done = await offered.restore(file, RestoreRequest(rules=rules, replace=replace), progress)
        (await container.get(SecurityLog)).record(
            SecurityEvent.DATABASE_RESTORED,
            backup_of=rfc3339(done.heading.at),
            accounts=done.heading.rows_of("users"),
            sessions="ended" if end_sessions else "kept",
        )
        return done
    finally:
        await container.close()


def resealed(sealer: "KeySealer", row: "Row") -> Mapping[str, Any]:
    """Return a row of a signing key as the present master secret opens it. Raise InvalidKey if no secret does."""
    from doorward.domain.errors import InvalidKey  # noqa: PLC0415 heavy
    from doorward.domain.keys.signing_key import SigningKey  # noqa: PLC0415 heavy

    try:
        return {**row, "sealed": sealer.resealed(SigningKey(**row)).sealed}
    except InvalidKey as error:
        raise InvalidKey(
            f"The signing keys of the backup cannot be kept: {error}. Without --keep-sessions the service makes new "
            "ones, and needs no secret but its own."
        ) from error


def report(done: "Restored", *, end_sessions: bool) -> list[str]:
    """Return what the command prints at its end."""
    heading = done.heading
    lines = [f"Restored {quantity(heading.rows_of('users'), 'account')} as of {rfc3339(heading.at)}."]
    if done.migrated is not None:
        lines.append(f"The schema was migrated from {done.migrated[0]} to {done.migrated[1]}.")
    if end_sessions:
        lines.append(f"Ended {quantity(done.left_out.get('sessions', 0), 'session')}; everybody signs in anew.")
        lines.append("The next start makes a new signing key.")
    return lines
