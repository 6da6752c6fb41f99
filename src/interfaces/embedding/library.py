"""Doorward as a library: its use cases in a program of your own, without HTTP."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar, final, overload

from dishka import AsyncContainer, Provider

from doorward.application.ports.clock import Clock
from doorward.infrastructure.container import make_container
from doorward.infrastructure.settings.settings import Settings
from doorward.interfaces.embedding.own_transaction import OwnTransaction, own_transaction
from doorward.interfaces.embedding.starting import start

T = TypeVar("T")


@final
class Library:
    """The use cases, while the block of `doorward.open` lasts."""

    def __init__(self, container: AsyncContainer, clock: Clock) -> None:
        self._container = container
        self._clock = clock

    @overload
    async def get(self, wanted: type[T], /) -> T: ...

    @overload
    async def get(self, wanted: Any, /) -> Any: ...

    async def get(self, wanted: Any, /) -> Any:
        """Return the use case of that class, or the adapter of that port."""
        return await self._container.get(wanted)

    def now(self) -> datetime:
        """Return the present time of the clock, which use cases are called with."""
        return self._clock.now()

    def transaction(self) -> AbstractAsyncContextManager[OwnTransaction]:
        """Open a transaction for several use cases and for statements of your own. It is committed when the block ends,
        and rolled back when the block raises."""
        return own_transaction(self._container)


@asynccontextmanager
async def open(  # noqa: A001 it is called as doorward.open
    settings: Settings, *, overrides: Sequence[Provider] = (), migrate: bool = False, background: bool = True
) -> AsyncIterator[Library]:
    """Open Doorward for the block. `overrides` are providers of dishka that replace adapters. With `migrate`, the
    schema is brought to this version.

    Without `background`, no letters are sent, nothing is maintained, and changes of other nodes are not followed, as a
    script of a few seconds wants it. Raise StartRefused in one line if something cannot be used.
    """
    container = make_container(settings, *overrides)
    async with start(container, settings, migrate=migrate, background=background):
        yield Library(container, await container.get(Clock))
