from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dishka import AsyncContainer

from doorward.infrastructure.settings.data_dir import make_data_dir, needs_data_dir
from doorward.infrastructure.settings.settings import Settings
from doorward.interfaces.main import working
from doorward.interfaces.start_preparation import prepare


@asynccontextmanager
async def start(
    container: AsyncContainer, settings: Settings, *, migrate: bool, background: bool = True
) -> AsyncIterator[None]:
    """Prepare the start as `doorward serve` does, and run the background work within the block. Close the container
    afterwards, also if the start is refused."""
    try:
        if needs_data_dir(settings):
            make_data_dir(settings.data_dir)
        await prepare(container, migrate=migrate)
        if not background:
            yield
            return
        async with working(container):
            yield
    finally:
        await container.close()
