"""`doorward backup`: write everything that the database contains to a file."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.quantity import quantity
from doorward.infrastructure.settings.settings import Settings
from doorward.interfaces.cli.backup_progress import BackupProgress
from doorward.interfaces.cli.running import STANDARD_ERROR_DESCRIPTOR, current_settings

if TYPE_CHECKING:
    from doorward.infrastructure.adapters.backup_adapter import BackupAdapter
    from doorward.infrastructure.adapters.storage_adapter import StorageAdapter
    from doorward.infrastructure.backup.form import Heading

STANDARD_STREAM = Path("-")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
def backup(file: Path, force: bool) -> None:  # noqa: FBT001 click passes flags so
    """Write accounts, roles, sessions, keys and the audit log to FILE (- for standard output).

    The service keeps running meanwhile: the backup contains what was committed before it began. It has the same form
    for every database, so that a backup of SQLite can be restored into MySQL, and the other way round. Keep it secret:
    it contains password hashes and addresses. The master secret is not in it, and must be kept apart.
    """
    settings = current_settings()
    from doorward.infrastructure.log.configure import configure_logging  # noqa: PLC0415 heavy

    configure_logging(settings, STANDARD_ERROR_DESCRIPTOR)
    with output(file, overwrite=force) as opened:
        heading = asyncio.run(back_up(settings, opened))
    accounts = quantity(heading.rows_of("users"), "account")
    click.echo(f"Backed up {quantity(heading.rows, 'row')}, {accounts} among them.", err=True)


async def back_up(settings: Settings, file: BinaryIO) -> "Heading":
    """Check the schema, and back the database up."""
    from doorward.infrastructure.adapters.storage_adapter import StorageAdapter  # noqa: PLC0415 heavy
    from doorward.infrastructure.container import make_container  # noqa: PLC0415 heavy

    container = make_container(settings)
    try:
        adapter = await container.get(StorageAdapter)
        offered = offering_backups(adapter)
        await adapter.check()
        return await offered.back_up(file, SystemClock().now(), BackupProgress("Backed up"))
    finally:
        await container.close()


def offering_backups(adapter: "StorageAdapter") -> "BackupAdapter":
    """Return the adapter. Raise a refusal if its storage offers no backups."""
    from doorward.infrastructure.adapters.backup_adapter import BackupAdapter  # noqa: PLC0415 heavy

    if not isinstance(adapter, BackupAdapter):
        raise click.ClickException(
            f"The storage of {adapter.masked} offers no backups in Doorward's form; use the tools of the database."
        )
    return adapter


@contextmanager
def output(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    from doorward.infrastructure.backup.new_file import new_private_file  # noqa: PLC0415 heavy

    if path == STANDARD_STREAM:
        if sys.stdout.isatty():
            raise click.UsageError("A backup is no text for a terminal; name a file, or write to a pipe.")
        yield sys.stdout.buffer
        return
    try:
        with new_private_file(path, overwrite=overwrite) as file:
            yield file
    except FileExistsError:
        raise click.ClickException(f"{path} exists; choose another name, or add --force to overwrite it.") from None
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from None
