import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import final

from doorward.application.change_feed.cursor import WINDOW, ChangeCursor, FeedRewritten
from doorward.application.change_feed.directory import AccessDirectory
from doorward.application.change_feed.ended_sessions import MOST, REMEMBERED, EndedSessions
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import KeyRing, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.domain.change_feed.change import Change, SequencedChange, Subject
from doorward.domain.errors import TransactionConflict, Unavailable

INTERVAL = 0.5
"""Seconds between two looks at the feed: a role change holds on every node within one, and an idle node spends about
half a percent of a core on looking."""

REFRESH_INTERVAL = 1.0
"""Seconds between two looks at the accounts in use."""

LOOKS_PER_RELOAD = 8
"""The keys are read again even if nothing was heard of them: somebody may have removed one by hand."""

PAGE = 500
MOST_PAGES = 20
"""Whoever is further behind begins anew rather than catching up."""

MOST_ASKED = 1000
"""Missing numbers that one statement asks for."""

KEPT = timedelta(hours=1)
PRUNE_EVERY = 600.0
"""Seconds."""


@final
class FollowChanges:
    """Each node's ear: polls the change feed and tells the directory and the key ring what to read again, and the list
    of ended sessions what ended.

    What fails is done again at the next look: the cursor moves when everything was read, and keys that could not be
    read stay due.
    """

    def __init__(
        self,
        storage: Storage,
        directory: AccessDirectory,
        ended: EndedSessions,
        keys: KeyRing,
        clock: Clock,
        log: SecurityLog,
    ) -> None:
        self._storage = storage
        self._directory = directory
        self._ended = ended
        self._keys = keys
        self._clock = clock
        self._log = log
        self._cursor: ChangeCursor | None = None
        self._looks = 0
        self._keys_due = True
        self._pruned_at = clock.monotonic()
        self._grown = False
        self._deaf = False

    async def run(self) -> None:
        """For ever; until cancelled. A database that is away is waited for.

        The feed does not wait for the accounts in use, which may be many.
        """
        await asyncio.gather(self._listening(), self._refreshing())

    async def _listening(self) -> None:
        while True:
            try:
                await self.once()
                self._hears()
            except Unavailable as error:
                self._hears(error)
            except Exception as error:  # noqa: BLE001 else a node that stopped listening would go on by what it knew
                self._log.record(SecurityEvent.CHANGE_FEED_FAILED, reason=type(error).__name__)
            await asyncio.sleep(INTERVAL)

    async def _refreshing(self) -> None:
        while True:
            try:
                await self._directory.refresh()
            except Unavailable:
                pass  # the listening says so; what is not read again is not relied upon for long
            except Exception as error:  # noqa: BLE001 as above
                self._log.record(SecurityEvent.DIRECTORY_REFRESH_FAILED, reason=type(error).__name__)
            await asyncio.sleep(REFRESH_INTERVAL)

    async def once(self) -> None:
        """One look: what is new in the feed, and what follows from it. Raise StorageUnavailable."""
        since = self._clock.monotonic()
        await self._listen()
        self._ended.listened(since)
        self._looks += 1
        if self._keys_due or self._looks % LOOKS_PER_RELOAD == 0:
            self._keys_due = True
            await self._keys.reload()
            self._keys_due = False
        await self._prune()

    async def _listen(self) -> None:
        if self._cursor is None:
            await self._begin()
            return
        try:
            changes = await self._news(self._cursor)
        except FeedRewritten:
            await self._begin()
            return
        self._grown = self._grown or bool(changes)
        self._keys_due = self._keys_due or any(change.subject is Subject.KEYS for change in changes)
        self._directory.heard(changes)
        self._ended.heard(changes)

    async def _begin(self) -> None:
        """From the feed's present end; what was read earlier may be from before it."""
        self._cursor = None
        async with self._storage.reading() as reading:
            latest = await reading.changes.latest(WINDOW)
            ended = await reading.changes.ended_since(self._clock.now() - REMEMBERED, MOST + 1)
        self._directory.forget()
        self._ended.remember(ended)
        self._keys_due = True
        self._cursor = ChangeCursor(latest, self._clock.monotonic())

    async def _news(self, cursor: ChangeCursor) -> list[Change]:
        """Everything is read before the cursor moves, so that a database that fails in between costs no change."""
        async with self._storage.reading() as reading:
            missing = cursor.missing
            late: list[SequencedChange] = []
            for start in range(0, len(missing), MOST_ASKED):
                late += await reading.changes.among(missing[start : start + MOST_ASKED])
            rows: Sequence[SequencedChange] = await reading.changes.since(cursor.highest, PAGE)
            page = rows
            while len(page) == PAGE:
                if len(rows) > PAGE * MOST_PAGES:
                    raise FeedRewritten
                page = await reading.changes.since(page[-1].sequence, PAGE)
                rows = [*rows, *page]
        now = self._clock.monotonic()
        return [*cursor.fill(late, now), *cursor.advance(rows, now)]

    async def _prune(self) -> None:
        """What every node has long read is forgotten, a little at a time, by whichever node comes first."""
        if not self._grown or self._clock.monotonic() - self._pruned_at < PRUNE_EVERY:
            return
        self._pruned_at = self._clock.monotonic()
        try:
            async with self._storage.transaction() as tx:
                pruned = await tx.changes.prune(self._clock.now() - KEPT, limit=PAGE * 10)
        except TransactionConflict:
            return
        self._grown = pruned > 0

    def _hears(self, trouble: Unavailable | None = None) -> None:
        """Say when the database went away, and why, and when it came back; not each time that it is still away."""
        if self._deaf == (trouble is not None):
            return
        self._deaf = trouble is not None
        if trouble is None:
            self._log.record(SecurityEvent.CHANGE_FEED_READABLE)
        else:
            self._log.record(SecurityEvent.CHANGE_FEED_UNREADABLE, reason=type(trouble.__cause__ or trouble).__name__)
