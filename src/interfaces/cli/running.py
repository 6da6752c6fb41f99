"""How a command comes to the use cases: the same settings, the same container, one event loop, all closed at the end.

Nothing heavy is imported before a command runs: `doorward --help` answers at once.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol, TypeVar

from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.settings.settings import ENV_FILE, Settings, load_settings

T = TypeVar("T")

STANDARD_ERROR = 2
BY = "operator"
"""Who the security log names for what is done here."""


class Container(Protocol):
    async def get(self, dependency_type: type[T], /) -> T: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What a command works with: the service's use cases, and the time at which it was called."""

    container: Container
    now: datetime

    async def get(self, part: type[T]) -> T:
        return await self.container.get(part)


def settings_at_hand(overrides: Mapping[str, str] = MappingProxyType({})) -> Settings:
    """From the environment and `.env` in the present directory. Raise StartRefused."""
    return load_settings({**os.environ, **overrides}, ENV_FILE)


def run(work: Callable[[Parts], Awaitable[T]]) -> T:
    """The result of `work`. Raise StartRefused, also for a database whose schema is not ours, or a DomainError."""
    settings = settings_at_hand()
    from doorward.infrastructure.log.configure import configure_logging  # noqa: PLC0415 heavy

    configure_logging(settings, STANDARD_ERROR)
    return asyncio.run(with_container(settings, work))


async def with_container(settings: Settings, work: Callable[[Parts], Awaitable[T]]) -> T:
    from doorward.infrastructure.container import make_container  # noqa: PLC0415 heavy
    from doorward.infrastructure.database import Database  # noqa: PLC0415 heavy

    container = make_container(settings)
    try:
        await (await container.get(Database)).check()
        return await work(Parts(container, SystemClock().now()))
    finally:
        await container.close()
