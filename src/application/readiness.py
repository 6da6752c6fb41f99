import asyncio
from typing import final

from doorward.application.ports.clock import Clock
from doorward.application.ports.security import KeyRing
from doorward.application.ports.storage import Storage
from doorward.domain.access.role import USER
from doorward.domain.errors import Unavailable

DEADLINE = 1.5
"""Seconds for the database to answer."""

REMEMBERED = 1.0
"""Seconds. Whoever asks more often is told the same: asking costs a stranger nothing and the database a reading."""


@final
class Readiness:
    """Can this node work: does the database answer in time, does it hold what the migrations put there, and can a
    token be signed now?"""

    def __init__(self, storage: Storage, keys: KeyRing, clock: Clock) -> None:
        self._storage = storage
        self._keys = keys
        self._clock = clock
        self._ready = False
        self._until = float("-inf")
        self._asking = asyncio.Lock()

    async def __call__(self) -> bool:
        """One reading at a time, whoever else asks meanwhile."""
        if self._clock.monotonic() < self._until:
            return self._ready
        async with self._asking:
            if self._clock.monotonic() >= self._until:
                self._ready = await self._found()
                self._until = self._clock.monotonic() + REMEMBERED
            return self._ready

    async def _found(self) -> bool:
        if not self._keys.ready(self._clock.now()):
            return False
        try:
            async with asyncio.timeout(DEADLINE), self._storage.reading() as reading:
                return await reading.roles.get(USER) is not None
        except (TimeoutError, Unavailable):
            return False
