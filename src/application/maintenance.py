import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import NewType, final

from doorward.application.ports.clock import Clock
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.errors import Unavailable

LEASE = "maintenance"

LEASE_DURATION = timedelta(minutes=3)
"""Longer than one kind of work and the pause after a round, so that the node that holds the lease keeps it."""

INTERVAL_SECONDS = 60.0
"""Between the beginnings of two rounds. After a round that takes longer the next one begins at once."""

RecurringWork = NewType("RecurringWork", Mapping[str, Callable[[datetime], Awaitable[object]]])
"""The recurring work, by the names with which failures are logged."""


@final
class Maintenance:
    """Runs the recurring work on one node at a time.

    A node works while it holds the maintenance lease in the database. Two nodes that worked at once would do no harm.
    """

    def __init__(
        self,
        storage: Storage,
        work: RecurringWork,
        clock: Clock,
        log: SecurityLog,
    ) -> None:
        self._storage = storage
        self._work = work
        self._clock = clock
        self._log = log
        self._holder = secrets.token_hex(8)

    async def run(self) -> None:
        """Run a round every INTERVAL_SECONDS, until cancelled."""
        while True:
            began_at = self._clock.monotonic()
            try:
                await self.once()
            except Unavailable:
                pass  # the change feed or the proof of writing reports it; the next round does what this one did not
            except Exception as error:  # noqa: BLE001 an unforeseen error must not stop the rounds
                self._log.record(SecurityEvent.MAINTENANCE_FAILED, reason=type(error).__name__)
            await asyncio.sleep(max(0.0, began_at + INTERVAL_SECONDS - self._clock.monotonic()))

    async def once(self) -> bool:
        """Run one round and return True. Return False if another node holds the lease, or if the clock of this node is
        wrong: then nothing is over because of its time. Raise StorageUnavailable."""
        now = self._clock.now()
        if await self._clock_is_wrong(now):
            self._log.record(SecurityEvent.MAINTENANCE_FAILED, reason="clock_wrong")
            return False
        for name, part in self._work.items():
            now = self._clock.now()
            if not await self._take_lease(now):
                return False
            try:
                await part(now)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 a failure of one kind of work must not stop the others
                self._log.record(SecurityEvent.MAINTENANCE_FAILED, reason=type(error).__name__, work=name)
        return True

    async def _clock_is_wrong(self, now: datetime) -> bool:
        async with self._storage.reading() as reading:
            beat = await reading.heartbeats.newest()
        return beat is not None and beat.contradicts(now)

    @retried
    async def _take_lease(self, now: datetime) -> bool:
        async with self._storage.transaction() as tx:
            return await tx.leases.take(LEASE, self._holder, now, now + LEASE_DURATION)
