"""`doorward migrate`: bring the schema of the database to this version."""

import asyncio

import click

from doorward.infrastructure.settings.settings import Settings
from doorward.interfaces.cli.running import STANDARD_ERROR_DESCRIPTOR, current_settings


@click.command()
def migrate() -> None:
    """Bring the database to the schema of this version. Only one node migrates at a time; the others wait for it."""
    settings = current_settings()
    from doorward.infrastructure.log.configure import configure_logging  # noqa: PLC0415 heavy

    configure_logging(settings, STANDARD_ERROR_DESCRIPTOR)
    before, after = asyncio.run(run_migrations(settings))
    click.echo(f"The schema is at {after}{' already' if before == after else ''}.")


async def run_migrations(settings: Settings) -> tuple[str | None, str]:
    """Migrate the database, and return the revision of its schema before and after."""
    from doorward.infrastructure.adapters.storage_adapter import StorageAdapter  # noqa: PLC0415 heavy
    from doorward.infrastructure.container import make_container  # noqa: PLC0415 heavy
    from doorward.infrastructure.database_wait import DatabaseWait  # noqa: PLC0415 heavy

    container = make_container(settings)
    try:
        adapter: StorageAdapter = await container.get(StorageAdapter)
        return await (await container.get(DatabaseWait))(adapter.migrate)
    finally:
        await container.close()
