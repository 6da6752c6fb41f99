import asyncio
import random
from datetime import datetime
from typing import final

from doorward.application.ports.clock import Clock
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Reading, Storage
from doorward.application.transactions import retried
from doorward.domain.errors import Unavailable
from doorward.domain.nodes.beat import MAX_FUTURE_SECONDS, Beat

MAX_AGE_SECONDS = 5.0
"""The age of the newest beat after which the change feed does not count as heard."""

PERIOD_SECONDS = 1.0
"""Between two beats of the node that writes them."""

MIN_PAUSE_SECONDS = 0.5
"""A younger beat is not replaced. It is shorter than the period, so that a beat that comes early counts."""

MISSED_SECONDS = 2.0
"""The age of the newest beat after which other nodes try to write one."""

CHECK_SECONDS = 0.25
"""Between two looks whether a beat is due."""

MAX_PAUSE_SECONDS = 16.0
"""The longest pause of a node that finds again and again that another one writes the beats. It reads a replica that is
behind."""


@final
class Heartbeat:
    """Tells how old the change feed is that this node reads, and has a beat written once a second.

    The beat is one row, dated by the clock of the primary. It reaches a replica as every change does: whoever reads a
    beat there reads each change that was committed before it. Its age is taken by the clock of the server that was
    read, and goes on by the monotonic clock of this node. A beat that stands still is as old as this node has known
    it, whatever the clocks of the servers say.

    The node that wrote the last beat writes the next one. Another one takes over when a beat is missed. There is no
    beat where all data are in one place: nothing that is read there is old.
    """

    def __init__(self, storage: Storage, clock: Clock, log: SecurityLog) -> None:
        self._storage = storage
        self._monotonic = clock.monotonic
        self._log = log
        self._began_at = clock.monotonic()
        self._looked: Beat | None = None
        self._newest_at: datetime | None = None
        self._newest_since = self._began_at
        """When this node saw the newest beat first."""
        self._known_until: float | None = None
        self._cause = "no_beat"
        self._reported_old = False
        self._writes = False
        """Whether this node wrote the last beat, as far as it knows."""
        self._lost = 0
        self._due_at = self._began_at
        storage.distrust_reads_while(self._is_too_old)

    def is_old(self) -> bool:
        """Return whether the feed does not count as heard. What is cached because of it must not decide then."""
        return self._storage.reads_can_be_old and self._is_too_old()

    def _is_too_old(self) -> bool:
        """Return the same where reads can be old. Each request asks it there."""
        known_until = self._known_until
        return known_until is None or self._monotonic() - known_until > MAX_AGE_SECONDS

    async def look(self, reading: Reading) -> None:
        """Read the newest beat, before the feed is read through the same reading. Raise StorageUnavailable."""
        if self._storage.reads_can_be_old:
            self._looked = await reading.heartbeats.newest()

    def heard(self, since: float) -> float | None:
        """Record that the feed was read and applied after the last look, which was not before the monotonic time
        `since`. Return the monotonic time before which each change is known, or None if that is not known."""
        if not self._storage.reads_can_be_old:
            return since
        self._known_until = self._until(self._looked, since)
        self._report()
        return self._known_until

    def _until(self, beat: Beat | None, since: float) -> float | None:
        if beat is None:
            self._cause = "no_beat"
            return None
        if beat.at != self._newest_at:
            self._newest_at, self._newest_since = beat.at, since
        if beat.age_seconds < -MAX_FUTURE_SECONDS:
            self._cause = "clocks_of_servers_differ"
            return None
        self._cause = "no_new_beat"
        return min(since - max(beat.age_seconds, 0.0), self._newest_since)

    async def run(self) -> None:
        """Write beats whenever they are due, until cancelled."""
        if not self._storage.reads_can_be_old:
            return
        while True:
            if self.is_due():
                await self.once()
            self._report()
            await asyncio.sleep(CHECK_SECONDS)

    async def once(self) -> None:
        """Write a beat unless another node has just done so. Raise nothing."""
        if not self._storage.reads_can_be_old:
            return
        began_at = self._monotonic()
        self._writes = False
        try:
            self._writes = await self._beat()
        except Unavailable:
            self._lost = 0  # the proof of writing reports it
        except Exception as error:  # noqa: BLE001 an unforeseen error must not stop the beats
            self._log.record(SecurityEvent.CHANGE_FEED_FAILED, reason=type(error).__name__)
        else:
            self._lost = 0 if self._writes else self._lost + 1
        self._due_at = began_at + (PERIOD_SECONDS if self._writes else self._pause())

    @retried
    async def _beat(self) -> bool:
        async with self._storage.transaction() as tx:
            return await tx.heartbeats.beat(MIN_PAUSE_SECONDS)

    def is_due(self) -> bool:
        """Return whether this node should try to write a beat now."""
        now = self._monotonic()
        if self._writes:
            return now >= self._due_at
        if self._known_until is not None and now - self._known_until < MISSED_SECONDS:
            self._lost = 0
            self._due_at = now + random.uniform(0, PERIOD_SECONDS)  # noqa: S311 jitter, no secret
            return False
        return now >= self._due_at

    def _pause(self) -> float:
        """Return the pause after another node was first: longer each time, and random, so that many nodes that read
        one replica do not all ask the primary at once."""
        pause = min(PERIOD_SECONDS * float(2 ** min(self._lost, 10)), MAX_PAUSE_SECONDS)
        return random.uniform(0.5, 1.0) * pause  # noqa: S311 jitter, no secret

    def _report(self) -> None:
        """Log when the feed becomes too old, and when it is heard again."""
        is_old = self.is_old()
        if is_old == self._reported_old:
            return
        if is_old and self._known_until is None and self._monotonic() - self._began_at <= MAX_AGE_SECONDS:
            return  # a first beat may be on its way
        self._reported_old = is_old
        if is_old:
            self._log.record(SecurityEvent.CHANGE_FEED_OLD, cause=self._cause)
        else:
            self._log.record(SecurityEvent.CHANGE_FEED_CURRENT)
