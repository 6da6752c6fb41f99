import asyncio
from typing import final

from doorward.application.change_feed.heartbeat import Heartbeat
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import KeyRing
from doorward.application.ports.storage import Storage
from doorward.application.prove_writing import ProveWriting
from doorward.domain.access.role import USER
from doorward.domain.errors import Unavailable

DATABASE_TIMEOUT_SECONDS = 4.0
"""Far away from the database a new connection alone takes two seconds. The storage ends most waits earlier."""

CACHE_SECONDS = 1.0
"""Requests within this time share the result of one check, so that many requests do not load the database."""


@final
class CheckReadiness:
    """Checks whether this node can serve requests: the database answers in time, contains what the migrations put
    there and can be written, a key can sign tokens, the clock is right, and the change feed counts as heard."""

    def __init__(
        self, storage: Storage, keys: KeyRing, clock: Clock, prove_writing: ProveWriting, heartbeat: Heartbeat
    ) -> None:
        self._storage = storage
        self._prove_writing = prove_writing
        self._heartbeat = heartbeat
        self._keys = keys
        self._clock = clock
        self._obstacle: str | None = None
        self._valid_until = float("-inf")
        self._lock = asyncio.Lock()

    async def __call__(self) -> str | None:
        """Return None if the node is ready, and otherwise the cause for the log.

        The result of the last check is returned if it is not older than CACHE_SECONDS. One check runs at a time.
        """
        if self._clock.monotonic() < self._valid_until:
            return self._obstacle
        async with self._lock:
            if self._clock.monotonic() >= self._valid_until:
                self._obstacle = await self._check()
                self._valid_until = self._clock.monotonic() + CACHE_SECONDS
            return self._obstacle

    async def _check(self) -> str | None:
        if not self._keys.ready(self._clock.now()):
            return "no_signing_key"
        try:
            async with asyncio.timeout(DATABASE_TIMEOUT_SECONDS), self._storage.reading() as reading:
                role = await reading.roles.get(USER)
                beat = await reading.heartbeats.newest() if self._storage.reads_can_be_old else None
        except TimeoutError:
            return "database_too_slow"
        except Unavailable as error:
            return error.cause
        if role is None:
            return "roles_missing"
        if beat is not None and beat.contradicts(self._clock.now()):
            return "clock_wrong"
        return self._prove_writing.failure or ("change_feed_old" if self._heartbeat.is_old() else None)
