import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import final

from doorward.application.change_feed.cursor import MAX_UNCOMMITTED_NUMBERS, ChangeCursor, FeedRewritten
from doorward.application.change_feed.directories import Directories
from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.application.change_feed.heartbeat import Heartbeat
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import KeyRing, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.domain.change_feed.change import Change, SequencedChange, Subject
from doorward.domain.errors import TransactionConflict, Unavailable

READS_PER_KEY_RELOAD = 8
"""The signing keys are read again after so many reads of the feed, because somebody may have deleted one by hand."""

MAX_PAGES = 20
"""A node that is further behind starts again at the end of the feed."""

MAX_MISSING_PER_QUERY = 1000
"""The number of missing changes that one statement reads."""

MAX_PRUNED_CHANGES = 5000
"""The number of changes that one transaction deletes."""

FEED_MARGIN = timedelta(minutes=45)
"""How much longer changes stay in the feed than ends are kept in memory."""

MIN_PAUSE_SECONDS = 0.1
"""Between two reads that take long, because the database is far away or slow."""

PRUNE_INTERVAL_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowerTimings:
    """How often and how much a ChangeFollower reads."""

    interval_seconds: float = 0.5
    """From the beginning of a read of the feed to that of the next. With it, a change of roles takes effect on every
    node within one second; an idle node spends about half a percent of a core on reading."""
    refresh_interval_seconds: float = 1.0
    """Between two refreshes of the accounts in use."""
    page_size: int = 500
    """Changes that one statement reads."""


@final
class ChangeFollower:
    """Reads the change feed on each node, and applies it to the access directory, the ended sessions and the key ring.

    Whatever fails is repeated at the next read: the cursor only advances when everything was read, and keys that could
    not be read are read next time.
    """

    def __init__(  # noqa: PLR0913 it connects the feed to everything that depends on it
        self,
        storage: Storage,
        directories: Directories,
        ended: EndedSessions,
        keys: KeyRing,
        clock: Clock,
        log: SecurityLog,
        *,
        heartbeat: Heartbeat,
        timings: FollowerTimings,
    ) -> None:
        self._storage = storage
        self._directories = directories
        self._ended = ended
        self._keys = keys
        self._clock = clock
        self._log = log
        self._heartbeat = heartbeat
        self._timings = timings
        self._cursor: ChangeCursor | None = None
        self._reads = 0
        self._keys_due = True
        self._pruned_at = clock.monotonic()
        self._grown = False
        self._unreadable = False

    async def run(self) -> None:
        """Follow the feed until cancelled. A database that does not answer is tried again.

        The accounts in use are refreshed in a task of their own, since there may be many of them.
        """
        await asyncio.gather(self._read_repeatedly(), self._refresh_repeatedly())

    async def _read_repeatedly(self) -> None:
        while True:
            began = self._clock.monotonic()
            try:
                await self.once()
                self._report()
            except Unavailable as error:
                self._report(error)
            except Exception as error:  # noqa: BLE001 a node that stopped reading would decide by outdated entries
                self._log.record(SecurityEvent.CHANGE_FEED_FAILED, reason=type(error).__name__)
            took = self._clock.monotonic() - began
            await asyncio.sleep(max(MIN_PAUSE_SECONDS, self._timings.interval_seconds - took))

    async def _refresh_repeatedly(self) -> None:
        while True:
            try:
                await self._directories.refresh()
            except Unavailable:
                pass  # reading the feed reports it; entries that are not refreshed expire
            except Exception as error:  # noqa: BLE001 as above
                self._log.record(SecurityEvent.DIRECTORY_REFRESH_FAILED, reason=type(error).__name__)
            await asyncio.sleep(self._timings.refresh_interval_seconds)

    async def once(self) -> None:
        """Read the feed once, apply what is new and reload the keys if needed. Raise StorageUnavailable."""
        since = self._clock.monotonic()
        read_to = await self._read()
        known_until = self._heartbeat.heard(since)
        if known_until is not None:
            self._ended.mark_caught_up(known_until, read_to)
        self._reads += 1
        if self._keys_due or self._reads % READS_PER_KEY_RELOAD == 0:
            self._keys_due = True
            await self._keys.reload()
            self._keys_due = False
        await self._prune()

    async def _read(self) -> int:
        """Apply what is new, and return the last number of the feed."""
        if self._cursor is None:
            return await self._start()
        try:
            changes = await self._new_changes(self._cursor)
        except FeedRewritten:
            return await self._start()
        self._grown = self._grown or bool(changes)
        self._keys_due = self._keys_due or any(change.subject is Subject.KEYS for change in changes)
        self._directories.apply(changes)
        self._ended.apply(changes, self._cursor.highest)
        return self._cursor.highest

    async def _start(self) -> int:
        """Start at the present end of the feed, and drop what was read before."""
        self._cursor = None
        async with self._storage.following() as reading:
            await self._heartbeat.look(reading)
            latest = await reading.changes.latest(MAX_UNCOMMITTED_NUMBERS)
            since = self._clock.now() - self._ended.retention
            ended = await reading.changes.ended_since(since, self._ended.max_entries + 1)
        self._directories.clear()
        self._ended.marks.clear()
        self._ended.marks.add(latest)
        self._cursor = ChangeCursor(latest, self._clock.monotonic())
        self._ended.load(ended, self._cursor.highest)
        self._keys_due = True
        return self._cursor.highest

    async def _new_changes(self, cursor: ChangeCursor) -> list[Change]:
        """Return what is new. Everything is read before the cursor moves, so that a failure loses no change."""
        page_size = self._timings.page_size
        async with self._storage.following() as reading:
            await self._heartbeat.look(reading)
            missing = cursor.missing
            late: list[SequencedChange] = []
            for start in range(0, len(missing), MAX_MISSING_PER_QUERY):
                late += await reading.changes.among(missing[start : start + MAX_MISSING_PER_QUERY])
            rows: Sequence[SequencedChange] = await reading.changes.since(cursor.highest, page_size)
            page = rows
            while len(page) == page_size:
                if len(rows) > page_size * MAX_PAGES:
                    raise FeedRewritten
                page = await reading.changes.since(page[-1].sequence, page_size)
                rows = [*rows, *page]
        marks = self._ended.marks
        if rows and marks.contradicts(rows[0]):
            raise FeedRewritten
        marks.add(late)
        marks.add(rows)
        now = self._clock.monotonic()
        return [*cursor.fill(late, now), *cursor.advance(rows, now)]

    async def _prune(self) -> None:
        """Delete old changes, which every node has read, at most MAX_PRUNED_CHANGES at a time. Any node may do it."""
        if not self._grown or self._clock.monotonic() - self._pruned_at < PRUNE_INTERVAL_SECONDS:
            return
        self._pruned_at = self._clock.monotonic()
        try:
            async with self._storage.transaction() as tx:
                before = self._clock.now() - self._ended.retention - FEED_MARGIN
                pruned = await tx.changes.prune(before, limit=MAX_PRUNED_CHANGES)
        except TransactionConflict:
            return
        self._grown = pruned > 0

    def _report(self, error: Unavailable | None = None) -> None:
        """Log when the feed becomes unreadable, with the reason, and when it is readable again."""
        if self._unreadable == (error is not None):
            return
        self._unreadable = error is not None
        if error is None:
            self._log.record(SecurityEvent.CHANGE_FEED_READABLE)
        else:
            self._log.record(SecurityEvent.CHANGE_FEED_UNREADABLE, reason=type(error.__cause__ or error).__name__)
