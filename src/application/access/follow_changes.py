import asyncio
from datetime import timedelta
from typing import final

from application.access.change_cursor import WINDOW, ChangeCursor, FeedRewritten
from application.access.directory import AccessDirectory
from application.ports.clock import Clock
from application.ports.security import KeyRing, SecurityLog
from application.ports.storage import Reading, Storage
from domain.access.change import Change, Subject
from domain.errors import TransactionConflict, Unavailable

INTERVAL = 0.5
"""Seconds between two looks at the feed: a role change holds on every node within one, and an idle node spends about
half a percent of a core on looking."""

TICKS_PER_REFRESH = 2
PAGE = 500

KEPT = timedelta(hours=1)
PRUNE_EVERY = 600.0
"""Seconds."""


@final
class FollowChanges:
    """Each node's ear: polls the change feed and tells the directory and the key ring what to read again."""

    def __init__(
        self, storage: Storage, directory: AccessDirectory, keys: KeyRing, clock: Clock, log: SecurityLog
    ) -> None:
        self._storage = storage
        self._directory = directory
        self._keys = keys
        self._clock = clock
        self._log = log
        self._cursor: ChangeCursor | None = None
        self._pruned_at = clock.monotonic()
        self._grown = False
        self._deaf = False

    async def run(self) -> None:
        """For ever; until cancelled. A database that is away is waited for."""
        tick = 0
        while True:
            try:
                await self.once()
                if tick % TICKS_PER_REFRESH == 0:
                    await self._directory.refresh()
                self._hears()
            except Unavailable as error:
                self._hears(error)
            except Exception as error:  # noqa: BLE001 a node that stopped listening would go on with what was
                self._log.record("change_feed_failed", reason=type(error).__name__)
            tick += 1
            await asyncio.sleep(INTERVAL)

    async def once(self) -> None:
        """Read what is new, or begin. Raise StorageUnavailable."""
        if self._cursor is None:
            await self._begin()
            return
        async with self._storage.reading() as reading:
            try:
                changes = await self._news(reading, self._cursor)
            except FeedRewritten:
                self._cursor = None
        if self._cursor is None:
            await self._begin()
            return
        await self._tell(changes)
        await self._prune()

    async def _begin(self) -> None:
        async with self._storage.reading() as reading:
            latest = await reading.changes.latest(WINDOW)
        await self._keys.reload()
        self._directory.forget()
        self._cursor = ChangeCursor(latest, self._clock.monotonic())

    async def _news(self, reading: Reading, cursor: ChangeCursor) -> list[Change]:
        changes: list[Change] = []
        if missing := cursor.missing:
            changes += cursor.fill(await reading.changes.among(missing), self._clock.monotonic())
        while True:
            rows = await reading.changes.since(cursor.highest, PAGE)
            changes += cursor.advance(rows, self._clock.monotonic())
            if len(rows) < PAGE:
                return changes

    async def _tell(self, changes: list[Change]) -> None:
        if not changes:
            return
        self._grown = True
        self._directory.heard(changes)
        if any(change.subject is Subject.KEYS for change in changes):
            await self._keys.reload()

    async def _prune(self) -> None:
        """What every node has long read is forgotten, a little at a time, by whichever node comes first."""
        if not self._grown or self._clock.monotonic() - self._pruned_at < PRUNE_EVERY:
            return
        self._pruned_at = self._clock.monotonic()
        self._grown = False
        try:
            async with self._storage.transaction() as tx:
                pruned = await tx.changes.prune(self._clock.now() - KEPT, limit=PAGE * 10)
        except TransactionConflict:
            pruned = 0
        self._grown = pruned > 0

    def _hears(self, trouble: Unavailable | None = None) -> None:
        """Say when the database went away, and why, and when it came back; not each time that it is still away."""
        if self._deaf == (trouble is not None):
            return
        self._deaf = trouble is not None
        if trouble is None:
            self._log.record("change_feed_readable")
        else:
            self._log.record("change_feed_unreadable", reason=type(trouble.__cause__ or trouble).__name__)
