import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.ports.clock import Clock
from doorward.application.ports.storage import Storage
from doorward.domain.access.decision import Access
from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.ids import UserId

MAX_AGE_SECONDS = 4.0
"""The time for which an entry decides, whatever the feed says. It bounds the effect of a table edited by hand."""

REFRESH_AFTER_SECONDS = 2.0
"""The age at which an entry in use is read again in the background, many accounts at once."""

MAX_ENTRIES = 100_000

BATCH_SIZE = 200
"""The number of accounts that one statement reads. Processing its rows blocks the event loop for about two
milliseconds."""

REFRESHED_AT_ONCE = 3
"""The number of batches that a refresh reads at the same time. Each uses a connection for one round trip, so a distant
database answers three times as many accounts a second."""


@dataclass(slots=True)
class Entry:
    access: Access | None
    read_at: float
    used: bool = True
    """Whether a request has used the entry since it was read."""


Waiting = asyncio.Future[Access | None]


@final
class AccessDirectory:
    """A cache of what authorization needs to know of the accounts in use.

    No entry is older than the last announced change of its account, and none is older than MAX_AGE_SECONDS. Most
    requests therefore cost one dictionary lookup. The database is read at the first request of an account, once for all
    requests that wait at the time, and in the background for the accounts in use. When the database does not answer,
    entries serve until they are too old; after that, requests are rejected with StorageUnavailable.
    """

    def __init__(self, storage: Storage, clock: Clock, max_entries: int = MAX_ENTRIES) -> None:
        self._storage = storage
        self._reads_can_be_old = storage.reads_can_be_old
        self._monotonic = clock.monotonic
        self._max_entries = max_entries
        self._entries: dict[UserId, Entry] = {}
        self._waiting: dict[UserId, Waiting] = {}
        self._wanted: list[tuple[UserId, Waiting]] = []
        self._loader: asyncio.Task[None] | None = None
        storage.on_commit(self.apply)

    def known(self, user_id: UserId) -> Entry | None:
        """Return the entry of the account if it is fresh enough to decide and the feed counts as heard; None when the
        database must be read."""
        entry = self._entries.get(user_id)
        if entry is None or self._monotonic() - entry.read_at >= MAX_AGE_SECONDS:
            return None
        if self._reads_can_be_old and self._storage.distrusts_reads():
            return None
        entry.used = True
        return entry

    async def access(self, user_id: UserId) -> Access | None:
        """Return what decides about the account, or None if it does not exist. Raise StorageUnavailable."""
        entry = self.known(user_id)
        if entry is not None:
            return entry.access
        waiting = self._waiting.get(user_id)
        if waiting is None:
            waiting = self._waiting[user_id] = asyncio.get_running_loop().create_future()
            waiting.add_done_callback(retrieve_exception)
            self._wanted.append((user_id, waiting))
            if self._loader is None:
                self._loader = asyncio.create_task(self._load())
        return await asyncio.shield(waiting)

    async def _load(self) -> None:
        """Read the requested accounts, one batch at a time, until no request waits."""
        try:
            while self._wanted:
                batch, self._wanted = self._wanted[:BATCH_SIZE], self._wanted[BATCH_SIZE:]
                await self._load_batch(batch)
        finally:
            self._loader = None

    async def _load_batch(self, batch: Sequence[tuple[UserId, Waiting]]) -> None:
        read_at = self._monotonic()
        try:
            async with self._storage.reading() as reading:
                found = await reading.users.access_of([user_id for user_id, _ in batch])
        except Exception as error:  # noqa: BLE001 it is raised to all requests that wait, also for the next batches
            failed, self._wanted = [*batch, *self._wanted], []
            for user_id, waiting in failed:
                self._is_current(user_id, waiting)
                if not waiting.done():
                    waiting.set_exception(error)
            return
        for user_id, waiting in batch:
            access = found.get(user_id)
            if self._is_current(user_id, waiting):
                self._keep(user_id, Entry(access, read_at))
            if not waiting.done():
                waiting.set_result(access)

    def _is_current(self, user_id: UserId, waiting: Waiting) -> bool:
        """Stop sharing the read of this account. Return False if a change was announced meanwhile: the rows may be
        older than the change."""
        if self._waiting.get(user_id) is not waiting:
            return False
        del self._waiting[user_id]
        return True

    def _keep(self, user_id: UserId, entry: Entry) -> None:
        self._entries.pop(user_id, None)
        while len(self._entries) >= self._max_entries:
            del self._entries[next(iter(self._entries))]
        self._entries[user_id] = entry

    def apply(self, changes: Sequence[Change]) -> None:
        """Drop the entries of the changed accounts, and prevent that a read under way becomes an entry."""
        for change in changes:
            if change.subject is Subject.ACCOUNT and change.user_id is not None:
                self._entries.pop(change.user_id, None)
                self._waiting.pop(change.user_id, None)
            elif change.subject is Subject.ROLES:
                self.clear()

    def clear(self) -> None:
        """Drop all entries, as after a start."""
        self._entries.clear()
        self._waiting.clear()

    @property
    def size(self) -> int:
        """The number of entries."""
        return len(self._entries)

    async def refresh(self) -> None:
        """Read the entries in use again that are older than REFRESH_AFTER_SECONDS, and drop the old entries that are
        not in use. Raise StorageUnavailable."""
        if self._storage.distrusts_reads():
            return  # nobody uses the entries meanwhile
        now = self._monotonic()
        used: list[tuple[UserId, Entry]] = []
        for user_id, entry in list(self._entries.items()):
            if now - entry.read_at < REFRESH_AFTER_SECONDS:
                continue
            if entry.used:
                used.append((user_id, entry))
            elif now - entry.read_at >= MAX_AGE_SECONDS:
                del self._entries[user_id]
        starts = iter(range(0, len(used), BATCH_SIZE))

        async def refresh_in_turn() -> None:
            for start in starts:
                await self._refresh_batch(used[start : start + BATCH_SIZE])

        ended = await asyncio.gather(*(refresh_in_turn() for _ in range(REFRESHED_AT_ONCE)), return_exceptions=True)
        for error in ended:
            if error is not None:
                raise error

    async def _refresh_batch(self, batch: Sequence[tuple[UserId, Entry]]) -> None:
        read_at = self._monotonic()
        async with self._storage.reading() as reading:
            found = await reading.users.access_of([user_id for user_id, _ in batch])
        for user_id, entry in batch:
            if self._entries.get(user_id) is entry:  # it was neither dropped nor read again meanwhile
                entry.access, entry.read_at, entry.used = found.get(user_id), read_at, False


def retrieve_exception(waiting: Waiting) -> None:
    """Mark the exception as retrieved: asyncio would log it if every request that waited was cancelled."""
    if not waiting.cancelled():
        waiting.exception()
