"""What was read from the database a short time ago, for requests that would read it again."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar, final

from doorward.application.ports.clock import Clock

MAX_AGE_SECONDS = 4.0
"""The time for which a value is used, whatever the change feed says."""

MAX_VALUES = 20_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class RecentValue(Generic[V]):
    value: V
    read_at: float


@final
class RecentReads(Generic[K, V]):
    """Values by their keys, none read longer than MAX_AGE_SECONDS ago. Beyond `max_values`, the oldest are dropped.

    Requests that want the same value at the same time share one read. The owner drops what a change concerns. A read
    that was under way at that time is not kept, because its rows may be older than the change. What does not exist is
    not kept either, so that invented keys take no room.
    """

    def __init__(
        self,
        read: Callable[[K], Awaitable[V | None]],
        clock: Clock,
        max_values: int = MAX_VALUES,
        distrusted: Callable[[], bool] = lambda: False,
    ) -> None:
        """While `distrusted` returns True, nothing is told of changes, so that no value is used again."""
        self._read = read
        self._distrusted = distrusted
        self._monotonic = clock.monotonic
        self._max_values = max_values
        self._values: dict[K, RecentValue[V]] = {}
        self._reads: dict[K, asyncio.Task[V | None]] = {}

    async def get(self, key: K) -> V | None:
        """Return the value, or None if there is none. Raise what the read raises, such as StorageUnavailable."""
        recent = self._values.get(key)
        if recent is not None and self._monotonic() - recent.read_at < MAX_AGE_SECONDS and not self._distrusted():
            return recent.value
        reading = self._reads.get(key)
        if reading is None:
            reading = self._reads[key] = asyncio.create_task(self._read_and_keep(key))
            reading.add_done_callback(retrieve_exception)
        return await asyncio.shield(reading)

    def drop(self, key: K) -> None:
        """Drop the value of this key, which has changed."""
        self._values.pop(key, None)
        self._reads.pop(key, None)

    def clear(self) -> None:
        """Drop all values."""
        self._values.clear()
        self._reads.clear()

    def __len__(self) -> int:
        return len(self._values)

    async def _read_and_keep(self, key: K) -> V | None:
        read_at, this = self._monotonic(), asyncio.current_task()
        value = None
        try:
            value = await self._read(key)
        finally:
            if self._reads.get(key) is this:
                del self._reads[key]
                self._keep(key, value, read_at)
        return value

    def _keep(self, key: K, value: V | None, read_at: float) -> None:
        self._values.pop(key, None)
        if value is None:
            return
        while len(self._values) >= self._max_values:
            del self._values[next(iter(self._values))]
        self._values[key] = RecentValue(value, read_at)


def retrieve_exception(reading: "asyncio.Task[V]") -> None:
    """Mark the exception as retrieved: asyncio would log it if every request that waited was cancelled."""
    if not reading.cancelled():
        reading.exception()
