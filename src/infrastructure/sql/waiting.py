"""Waiting for the database: limits in time and in number. A wait for the processor counts as one tick."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar, final

from doorward.domain.errors import StorageBusy

T = TypeVar("T")
TICK_SECONDS = 0.025
"""Waiting is counted in ticks of this length."""

WALL_CLOCK_FACTOR = 4.0
"""However busy the processor is, a wait ends after so many times its limit."""


@final
class WaitLimit:
    """Limits how long a block waits for the database, in one wait or in several.

    Used as `async with limit:` around each wait; raises TimeoutError once the waits took the limit together. A tick
    that comes late counts as one tick: the event loop had no processor meanwhile, and the answer may have arrived.
    A wait also ends when `wall_clock_factor` times the limit has passed since the limit was created.
    """

    __slots__ = (
        "_before",
        "_latest_end",
        "_left_seconds",
        "_loop",
        "_tick_began",
        "_timeout",
        "_timer",
        "_wall_clock_factor",
    )

    def __init__(self, seconds: float, wall_clock_factor: float = WALL_CLOCK_FACTOR) -> None:
        self._left_seconds = seconds
        self._wall_clock_factor = wall_clock_factor
        self._loop = asyncio.get_running_loop()
        self._latest_end = self._loop.time() + seconds * wall_clock_factor

    def extend(self, seconds: float) -> None:
        """Allow that many seconds more."""
        self._left_seconds += seconds
        self._latest_end += seconds * self._wall_clock_factor

    def allow(self, seconds: float) -> None:
        """Allow that many seconds more for the way to the database, which is no longer on a busy processor."""
        self._left_seconds += seconds
        self._latest_end += seconds

    def begin_apart(self, seconds: float) -> None:
        """Let the waits from here to `end_apart` take that many seconds, which do not count against the limit."""
        self._before = self._left_seconds, self._latest_end - self._loop.time()
        self._left_seconds = seconds
        self._latest_end = self._loop.time() + seconds * self._wall_clock_factor

    def end_apart(self) -> None:
        self._left_seconds, until_end = self._before
        self._latest_end = self._loop.time() + until_end

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
        if self._left_seconds > 0 and self._loop.time() < self._latest_end:
            self._start_tick()
        else:
            self._tick_began = self._loop.time()
            self._timeout.reschedule(self._tick_began)


@final
class Places:
    """At most `size` callers have a place. Others wait for one in the order in which they came, and not too many.

    SQLAlchemy's pool gives a connection that is returned to whoever asks first, so a caller may wait without end.
    """

    __slots__ = ("_free", "_max_waiting", "_waiting", "taken")

    def __init__(self, size: int, max_waiting_per_place: int) -> None:
        self._free = asyncio.Semaphore(size)
        self._max_waiting = size * max_waiting_per_place
        self._waiting = 0
        self.taken = 0

    async def take(self, limit: WaitLimit) -> None:
        """Wait for a place. Raise StorageBusy at the limit, or at once if too many wait."""
        if not self._free.locked():
            await self._free.acquire()
        elif self._waiting < self._max_waiting:
            await self._wait(limit)
        else:
            raise StorageBusy(cause="too_many_wait_for_a_connection")
        self.taken += 1

    def give_back(self) -> None:
        self.taken -= 1
        self._free.release()

    async def _wait(self, limit: WaitLimit) -> None:
        self._waiting += 1
        try:
            async with limit:
                await self._free.acquire()
        except TimeoutError as error:
            raise StorageBusy(cause="no_connection_became_free") from error
        finally:
            self._waiting -= 1


async def finish_despite_cancellation(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of `work`. If the caller is cancelled meanwhile, raise CancelledError afterwards."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled():
            task.exception()
        raise
