import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.ports.clock import Clock
from doorward.application.ports.storage import Storage
from doorward.domain.access.decision import Access
from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.ids import UserId

FRESH = 4.0
"""Seconds for which what was read may be relied upon, whatever the feed says: the bound for a hand-edited table."""

REFRESH_AFTER = 2.0
"""Seconds after which what is in use is read again, in the background, many accounts at once."""

MOST_ENTRIES = 100_000

BATCH = 200
"""Accounts that are read by one statement. While what came of it is looked through, no request is answered: some two
milliseconds."""


@dataclass(slots=True)
class Entry:
    access: Access | None
    read_at: float
    used: bool = True


Waiting = asyncio.Future[Access | None]


@final
class AccessDirectory:
    """What this node knows of the accounts that are using it: nothing older than a change it has heard of, and nothing
    older than four seconds in any case.

    So a request costs a look-up in a dict; the database is asked at an account's first request, for all that ask at
    the time together, and in the background for all accounts in use. When the database is away, what is known serves
    until it is four seconds old; then requests are refused with StorageUnavailable, not waved through.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._monotonic = clock.monotonic
        self._entries: dict[UserId, Entry] = {}
        self._waiting: dict[UserId, Waiting] = {}
        self._wanted: list[tuple[UserId, Waiting]] = []
        self._loader: asyncio.Task[None] | None = None
        storage.on_commit(self.heard)

    def known(self, user_id: UserId) -> Entry | None:
        """What is at hand of the account and may be relied upon; None when the database must be asked."""
        entry = self._entries.get(user_id)
        if entry is None or self._monotonic() - entry.read_at >= FRESH:
            return None
        entry.used = True
        return entry

    async def access(self, user_id: UserId) -> Access | None:
        """None for an account that does not exist. Raise StorageUnavailable."""
        entry = self.known(user_id)
        if entry is not None:
            return entry.access
        waiting = self._waiting.get(user_id)
        if waiting is None:
            waiting = self._waiting[user_id] = asyncio.get_running_loop().create_future()
            waiting.add_done_callback(seen)
            self._wanted.append((user_id, waiting))
            if self._loader is None:
                self._loader = asyncio.create_task(self._load())
        return await asyncio.shield(waiting)

    async def _load(self) -> None:
        """Whatever is wanted, a batch at a time, until nothing is."""
        try:
            while self._wanted:
                batch, self._wanted = self._wanted[:BATCH], self._wanted[BATCH:]
                await self._load_batch(batch)
        finally:
            self._loader = None

    async def _load_batch(self, batch: Sequence[tuple[UserId, Waiting]]) -> None:
        read_at = self._monotonic()
        try:
            async with self._storage.reading() as reading:
                found = await reading.users.access_of([user_id for user_id, _ in batch])
        except Exception as error:  # noqa: BLE001 it belongs to those who wait, also to those who would wait next
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
        """Nobody waits for it any longer; False when a change was heard of meanwhile: what was read may be from
        before it."""
        if self._waiting.get(user_id) is not waiting:
            return False
        del self._waiting[user_id]
        return True

    def _keep(self, user_id: UserId, entry: Entry) -> None:
        self._entries.pop(user_id, None)
        while len(self._entries) >= MOST_ENTRIES:
            del self._entries[next(iter(self._entries))]
        self._entries[user_id] = entry

    def heard(self, changes: Sequence[Change]) -> None:
        """Something changed: what was read of it before must not decide any more, nor what is being read now."""
        for change in changes:
            if change.subject is Subject.ACCOUNT and change.user_id is not None:
                self._entries.pop(change.user_id, None)
                self._waiting.pop(change.user_id, None)
            elif change.subject is Subject.ROLES:
                self.forget()

    def forget(self) -> None:
        """Everything, as if just started."""
        self._entries.clear()
        self._waiting.clear()

    async def refresh(self) -> None:
        """Read again what is in use and over two seconds old; drop what is not in use. Raise StorageUnavailable."""
        now = self._monotonic()
        used: list[tuple[UserId, Entry]] = []
        for user_id, entry in list(self._entries.items()):
            if now - entry.read_at < REFRESH_AFTER:
                continue
            if entry.used:
                used.append((user_id, entry))
            elif now - entry.read_at >= FRESH:
                del self._entries[user_id]
        for start in range(0, len(used), BATCH):
            await self._refresh_batch(used[start : start + BATCH])

    async def _refresh_batch(self, batch: Sequence[tuple[UserId, Entry]]) -> None:
        read_at = self._monotonic()
        async with self._storage.reading() as reading:
            found = await reading.users.access_of([user_id for user_id, _ in batch])
        for user_id, entry in batch:
            if self._entries.get(user_id) is entry:  # not forgotten or read anew meanwhile
                entry.access, entry.read_at, entry.used = found.get(user_id), read_at, False


def seen(waiting: Waiting) -> None:
    """Whoever waited may have gone; an error of theirs is nobody's then."""
    if not waiting.cancelled():
        waiting.exception()
