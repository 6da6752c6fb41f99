"""Opens the source of a system by its name on the command line."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from doorward.application.ports.adoption import AccountSource
from doorward.infrastructure.adoption.better_auth import BetterAuthSource
from doorward.infrastructure.adoption.django import DjangoSource
from doorward.infrastructure.adoption.fastapi_users import FastapiUsersSource
from doorward.infrastructure.adoption.keycloak import KeycloakSource
from doorward.infrastructure.adoption.source_database import SourceDatabase, open_source_database
from doorward.infrastructure.adoption.supabase import SupabaseSource
from doorward.infrastructure.adoption.tutorial import TutorialSource

DATABASES: Final[Mapping[str, Callable[[SourceDatabase, str], Awaitable[AccountSource]]]] = {
    "tutorial": TutorialSource.open,
    "django": DjangoSource.open,
    "supabase": SupabaseSource.open,
    "better-auth": BetterAuthSource.open,
    "fastapi-users": FastapiUsersSource.open,
}
"""Systems whose accounts are read from a database."""

FILES: Final[Mapping[str, Callable[[Path, str], AccountSource]]] = {"keycloak": KeycloakSource.read}
"""Systems whose accounts are read from a file."""

SYSTEMS: Final = (*DATABASES, *FILES)


@asynccontextmanager
async def open_source(system: str, where: str, name: str) -> AsyncIterator[AccountSource]:
    """Provide the accounts of a system; `where` is the URL of its database, or the path of a file. Raise
    StartRefused."""
    if system in FILES:
        yield FILES[system](Path(where), name)
        return
    async with open_source_database(where) as database:
        yield await DATABASES[system](database, name)
