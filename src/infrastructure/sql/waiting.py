"""A time limit for waiting for the database. Time that Doorward waits for the processor does not count."""

import asyncio
from types import TracebackType
from typing import final

TICK_SECONDS = 0.025
"""Waiting is counted in ticks of this length."""


@final
class WaitLimit:
    """Limits how long a block waits for the database, in one wait or in several.

    Used as `async with limit:` around each wait; raises TimeoutError once the waits took the limit together. A tick
    that comes late counts as one tick: the event loop had no processor meanwhile, and the answer may have arrived.
    """

    __slots__ = ("_left_seconds", "_loop", "_tick_began", "_timeout", "_timer")

    def __init__(self, seconds: float) -> None:
        self._left_seconds = seconds
        self._loop = asyncio.get_running_loop()

    def extend(self, seconds: float) -> None:
        """Allow that many seconds more."""
        self._left_seconds += seconds

    async def __aenter__(self) -> None:
        self._timeout = asyncio.timeout(None)
        await self._timeout.__aenter__()
        self._start_tick()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._left_seconds -= min(self._loop.time() - self._tick_began, TICK_SECONDS)
        await self._timeout.__aexit__(kind, error, traceback)

    def _start_tick(self) -> None:
        self._tick_began = self._loop.time()
        self._timer = self._loop.call_later(min(TICK_SECONDS, self._left_seconds), self._end_tick)

    def _end_tick(self) -> None:
        self._left_seconds -= TICK_SECONDS
        if self._left_seconds > 0:
            self._start_tick()
        else:
            self._tick_began = self._loop.time()
            self._timeout.reschedule(self._tick_began)
