import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.change_feed.cursor import ChangeCursor, FeedRewritten, first_pages
from doorward.application.change_feed.directories import Directories
from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.application.change_feed.feed_marks import START, Position
from doorward.application.change_feed.heartbeat import Heartbeat
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import KeyRing, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Reading, Storage
from doorward.domain.change_feed.change import SequencedChange, Subject
from doorward.domain.errors import Unavailable

READS_PER_KEY_RELOAD = 8
"""The signing keys are read again after so many reads of the feed, because somebody may have deleted one by hand."""

LOADS_PER_READ = 4
"""How many statements load ends from before the start of the node, between two reads of the feed."""

MARKED_AT_START = 2_000
"""The number of changes that a node reads when it starts, so that it recognises cursors of the revocation list."""

MIN_PAUSE_SECONDS = 0.1
"""Between two reads that take long, because the database is far away or slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowerTimings:
    """How often and how much a ChangeFollower reads."""

    interval_seconds: float = 0.5
    """From the beginning of a read of the feed to that of the next. With it, a change of roles takes effect on every
    node within one second; an idle node spends about half a percent of a core on reading."""
    refresh_interval_seconds: float = 1.0
    """Between two refreshes of the accounts in use."""
    changes_per_read: int = 10_000
    """About so many. A node that is further behind reads again at once, and never has all that is new in memory."""
    ends_per_statement: int = 2_000
    """How many ends from before its start a node loads at once."""


@final
class ChangeFollower:
    """Reads the change feed on each node, and applies it to the access directory, the ended sessions and the key ring.

    Whatever fails is repeated at the next read: a change counts as read when it was applied, and keys that could not be
    read are read next time.
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
        self._position = START
        self._loaded_to: tuple[datetime, int] | None = None
        """The time and the number of the last end that was loaded; None when all are loaded."""
        self.reads = 0
        """How often this node has read the feed, in whole or in part."""
        self._keys_due = True
        self._unreadable = False
        self.is_behind = False
        """Whether the last read left something for the next one, which need not wait."""

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
            pause = max(MIN_PAUSE_SECONDS, self._timings.interval_seconds - took)
            await asyncio.sleep(0 if self.is_behind else pause)

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
        self.is_behind = False
        try:
            is_complete = await self._read(since)
        except FeedRewritten:
            self._cursor = None
            is_complete = await self._read(since)
        known_until = self._heartbeat.heard(since) if is_complete else None
        if known_until is not None:
            self._ended.mark_caught_up(known_until, self._position)
        self.reads += 1
        if self._keys_due or self.reads % READS_PER_KEY_RELOAD == 0:
            self._keys_due = True
            await self._keys.reload()
            self._keys_due = False
        self.is_behind = not is_complete or self._loaded_to is not None

    async def _read(self, since: float) -> bool:
        """Apply what is new, and return whether that was all. Raise FeedRewritten."""
        async with self._storage.following() as reading:
            await self._heartbeat.look(reading)
            starts = self._cursor is None
            cursor = self._cursor or await self._start(reading)
            cursor.begin(self._clock.now())
            pages = cursor.pages(await reading.changes.counts(cursor.since))
            now = first_pages(pages, self._timings.changes_per_read)
            fetched = [(page, await reading.changes.between(page.first, page.last, cursor.since)) for page in now]
            if fetched:
                await self._locate(reading)
            for page, rows in fetched:
                new = cursor.advance(page, rows)
                if not starts:  # otherwise they are loaded, or are too old to matter
                    self._apply(new)
            for _ in range(LOADS_PER_READ):
                await self._load(reading)
        if len(now) == len(pages):
            cursor.complete(since)
        return len(now) == len(pages)

    async def _start(self, reading: Reading) -> ChangeCursor:
        """Start at the present end of the feed, and drop what was read before."""
        latest = await reading.changes.latest(MARKED_AT_START)
        self._directories.clear()
        self._ended.marks.clear()
        self._ended.marks.add(latest)
        self._position = Position.of(latest[-1]) if latest else START
        self._ended.start(self._position)
        self._loaded_to = self._clock.now() - self._ended.retention, 0
        self._keys_due = True
        self._cursor = ChangeCursor(latest[-1].at if latest else None, self._clock.monotonic())
        return self._cursor

    def _apply(self, new: Sequence[SequencedChange]) -> None:
        """Apply changes that were read before this node moved to the present end of the feed."""
        changes = [row.change for row in new]
        self._ended.marks.add(new)
        self._directories.apply(changes)
        self._ended.apply(changes, self._position)
        self._keys_due = self._keys_due or any(change.subject is Subject.KEYS for change in changes)

    async def _locate(self, reading: Reading) -> None:
        """Move to the present end of the feed."""
        latest = await reading.changes.latest(1)
        self._ended.marks.add(latest)
        self._position = max([self._position, *map(Position.of, latest)])

    async def _load(self, reading: Reading) -> None:
        """Load some of the ends that the feed contained when this node started."""
        if self._loaded_to is None:
            return
        limit = self._timings.ends_per_statement
        rows = await reading.changes.ended_since(*self._loaded_to, limit)
        await self._locate(reading)
        self._ended.load(rows, self._position)
        if len(rows) < limit:
            self._loaded_to = None
            self._ended.finish_loading()
        else:
            self._loaded_to = rows[-1].at, rows[-1].sequence

    def _report(self, error: Unavailable | None = None) -> None:
        """Log when the feed becomes unreadable, with the reason, and when it is readable again."""
        if self._unreadable == (error is not None):
            return
        self._unreadable = error is not None
        if error is None:
            self._log.record(SecurityEvent.CHANGE_FEED_READABLE)
        else:
            self._log.record(SecurityEvent.CHANGE_FEED_UNREADABLE, reason=type(error.__cause__ or error).__name__)
