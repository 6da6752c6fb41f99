"""Opens the source of a system by its name on the command line."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from doorward.application.ports.adoption import AccountSource
from doorward.infrastructure.adoption.source_database import SourceDatabase, open_source_database
from doorward.infrastructure.adoption.tutorial import TutorialSource

DATABASES: Final[Mapping[str, Callable[[SourceDatabase, str], Awaitable[AccountSource]]]] = {
    "tutorial": TutorialSource.open,
}
"""Systems whose accounts are read from a database."""


SYSTEMS: Final = tuple(DATABASES)


@asynccontextmanager
async def open_source(system: str, where: str, name: str) -> AsyncIterator[AccountSource]:
    """Provide the accounts of a system; `where` is the URL of its database. Raise StartRefused."""
    async with open_source_database(where) as database:
        yield await DATABASES[system](database, name)
