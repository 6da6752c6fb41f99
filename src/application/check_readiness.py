import asyncio
from typing import final

from doorward.application.ports.clock import Clock
from doorward.application.ports.security import KeyRing
from doorward.application.ports.storage import Storage
from doorward.domain.access.role import USER
from doorward.domain.errors import Unavailable

DATABASE_TIMEOUT_SECONDS = 1.5

CACHE_SECONDS = 1.0
"""Requests within this time share the result of one check, so that many requests do not load the database."""


@final
class CheckReadiness:
    """Checks whether this node can serve requests: the database answers in time and contains what the migrations put
    there, and a key can sign tokens."""

    def __init__(self, storage: Storage, keys: KeyRing, clock: Clock) -> None:
        self._storage = storage
        self._keys = keys
        self._clock = clock
        self._ready = False
        self._valid_until = float("-inf")
        self._lock = asyncio.Lock()

    async def __call__(self) -> bool:
        """Return the result of the last check if it is not older than CACHE_SECONDS. One check runs at a time."""
        if self._clock.monotonic() < self._valid_until:
            return self._ready
        async with self._lock:
            if self._clock.monotonic() >= self._valid_until:
                self._ready = await self._check()
                self._valid_until = self._clock.monotonic() + CACHE_SECONDS
            return self._ready

    async def _check(self) -> bool:
        if not self._keys.ready(self._clock.now()):
            return False
        try:
            async with asyncio.timeout(DATABASE_TIMEOUT_SECONDS), self._storage.reading() as reading:
                return await reading.roles.get(USER) is not None
        except (TimeoutError, Unavailable):
            return False
