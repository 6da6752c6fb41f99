"""Runs the use cases of commands, with the settings and the container of the service, in one event loop.

Modules that take long to import are imported when a command runs, so that `doorward --help` answers at once.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol, TypeVar

from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.settings.loading import ENV_FILE, load_settings
from doorward.infrastructure.settings.settings import Settings

T = TypeVar("T")

STANDARD_ERROR_DESCRIPTOR = 2


class Container(Protocol):
    """The part of dishka's container that commands use."""

    async def get(self, dependency_type: type[T], /) -> T: ...


@dataclass(frozen=True, slots=True)
class CommandContext:
    """The use cases and the settings of the service, and the time at which the command was called."""

    container: Container
    settings: Settings
    now: datetime

    async def get(self, use_case: type[T]) -> T:
        """Return the use case of that class."""
        return await self.container.get(use_case)


def current_settings(overrides: Mapping[str, str] = MappingProxyType({})) -> Settings:
    """Return the settings from the environment and from `.env` in the current directory. Raise StartRefused."""
    return load_settings({**os.environ, **overrides}, ENV_FILE)


def run(work: Callable[[CommandContext], Awaitable[T]]) -> T:
    """Run `work` and return its result.

    Raise StartRefused for wrong settings and for a database whose schema is not of this version. A DomainError of a
    use case is not caught.
    """
    settings = current_settings()
    from doorward.infrastructure.log.configure import configure_logging  # noqa: PLC0415 heavy

    configure_logging(settings, STANDARD_ERROR_DESCRIPTOR)
    return asyncio.run(with_container(settings, work))


async def with_container(settings: Settings, work: Callable[[CommandContext], Awaitable[T]]) -> T:
    """Run `work` after a check of the schema, and close the container."""
    from doorward.infrastructure.adapters.storage_adapter import StorageAdapter  # noqa: PLC0415 heavy
    from doorward.infrastructure.container import make_container  # noqa: PLC0415 heavy
    from doorward.infrastructure.database_wait import DatabaseWait  # noqa: PLC0415 heavy

    container = make_container(settings)
    try:
        await (await container.get(DatabaseWait))((await container.get(StorageAdapter)).check)
        return await work(CommandContext(container, settings, SystemClock().now()))
    finally:
        await container.close()
