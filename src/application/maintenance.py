import asyncio
import secrets
from datetime import datetime, timedelta
from typing import final

from doorward.application.keys.rotate_signing_keys import RotateSigningKeys
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.sessions.prune_sessions import PruneSessions
from doorward.application.transactions import retried
from doorward.domain.errors import Unavailable

INTERVAL = 60.0
"""Seconds between two attempts to be the one that does it."""

LEASE = timedelta(minutes=3)
"""Longer than a round takes, and than the pause before the next: who keeps house goes on keeping it."""


@final
class Maintenance:
    """What must be done now and then, by one node at a time: sessions that are over are forgotten, keys take turns.

    Two nodes at it at once would do no harm, only work in vain; so a lease in the database is enough.
    """

    def __init__(
        self, storage: Storage, prune: PruneSessions, rotate: RotateSigningKeys, clock: Clock, log: SecurityLog
    ) -> None:
        self._storage = storage
        self._prune = prune
        self._rotate = rotate
        self._clock = clock
        self._log = log
        self._holder = secrets.token_hex(8)

    async def run(self) -> None:
        """For ever; until cancelled."""
        while True:
            try:
                await self.once()
            except Unavailable:
                pass  # the change feed says so; what was not done is due the next time
            except Exception as error:  # noqa: BLE001 else nothing would be done any more
                self._log.record(SecurityEvent.MAINTENANCE_FAILED, reason=type(error).__name__)
            await asyncio.sleep(INTERVAL)

    async def once(self) -> bool:
        """One round, unless another node keeps house. Raise StorageUnavailable."""
        now = self._clock.now()
        if not await self._mine(now):
            return False
        for work in (self._rotate_keys, self._prune_sessions):
            try:
                await work(now)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 the others' work is not to wait for it
                self._log.record(
                    SecurityEvent.MAINTENANCE_FAILED, reason=type(error).__name__, work=work.__name__.strip("_")
                )
        return True

    async def _rotate_keys(self, now: datetime) -> None:
        await self._rotate.when_due(now)

    async def _prune_sessions(self, now: datetime) -> None:
        if pruned := await self._prune(now):
            self._log.record(SecurityEvent.SESSIONS_PRUNED, count=pruned)

    @retried
    async def _mine(self, now: datetime) -> bool:
        async with self._storage.transaction() as tx:
            return await tx.leases.take("maintenance", self._holder, now, now + LEASE)
