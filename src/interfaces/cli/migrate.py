import asyncio

import click

from interfaces.cli.running import STANDARD_ERROR, settings_at_hand


@click.command()
def migrate() -> None:
    """Bring the database to the schema of this version. Nodes that migrate at the same time take turns."""
    settings = settings_at_hand()
    from infrastructure.log.configure import configure_logging  # noqa: PLC0415 heavy
    from infrastructure.sql.schema import HEAD, current_revision  # noqa: PLC0415 heavy
    from infrastructure.sql.schema import migrate as bring_to_head  # noqa: PLC0415 heavy
    from infrastructure.sql.urls import DatabaseUrl  # noqa: PLC0415 heavy

    configure_logging(settings, STANDARD_ERROR)
    url = DatabaseUrl.parse(settings.database_url)

    async def work() -> str | None:
        before = await current_revision(url)
        await bring_to_head(url)
        return before

    before = asyncio.run(work())
    click.echo(f"The schema is at {HEAD}{' already' if before == HEAD else ''}.")
