import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from application.ports.clock import Clock
from application.ports.storage import Storage
from domain.access.change import Change, Subject
from domain.access.decision import Access
from domain.ids import UserId

FRESH = 4.0
"""Seconds for which what was read may be relied upon, whatever the feed says: the bound for a hand-edited table."""

REFRESH_AFTER = 2.0
"""Seconds after which what is in use is read again, in the background, many accounts at once."""

MOST_ENTRIES = 100_000


@dataclass(slots=True)
class Entry:
    access: Access | None
    read_at: float
    used: bool = True


@final
class AccessDirectory:
    """What this node knows of the accounts that are using it: nothing older than a change it has heard of, and nothing
    older than four seconds in any case.

    So a request costs a look-up in a dict; the database is asked at an account's first request, and in the background
    for all accounts in use together. When the database is away, what is known serves until it is four seconds old;
    then requests are refused with StorageUnavailable, not waved through.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._monotonic = clock.monotonic
        self._entries: dict[UserId, Entry] = {}
        self._loading: dict[UserId, asyncio.Task[Access | None]] = {}
        storage.on_commit(self.heard)

    async def access(self, user_id: UserId) -> Access | None:
        """None for an account that does not exist. Raise StorageUnavailable."""
        entry = self._entries.get(user_id)
        if entry is not None and self._monotonic() - entry.read_at < FRESH:
            entry.used = True
            return entry.access
        loading = self._loading.get(user_id)
        if loading is None:
            loading = self._loading[user_id] = asyncio.create_task(self._load(user_id))
            loading.add_done_callback(seen)
        return await asyncio.shield(loading)

    async def _load(self, user_id: UserId) -> Access | None:
        read_at = self._monotonic()
        try:
            async with self._storage.reading() as reading:
                access = (await reading.users.access_of([user_id])).get(user_id)
        finally:
            current = self._loading.get(user_id) is asyncio.current_task()
            if current:
                del self._loading[user_id]
        if current:  # else a change was heard of while we read: what we read may be from before it
            self._keep(user_id, Entry(access, read_at))
        return access

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
                self._loading.pop(change.user_id, None)
            elif change.subject is Subject.ROLES:
                self.forget()

    def forget(self) -> None:
        """Everything, as if just started."""
        self._entries.clear()
        self._loading.clear()

    async def refresh(self) -> None:
        """Read again what is in use and over two seconds old; drop what is not in use. Raise StorageUnavailable."""
        now = self._monotonic()
        aged = [(user_id, entry) for user_id, entry in self._entries.items() if now - entry.read_at >= REFRESH_AFTER]
        used = []
        for user_id, entry in aged:
            if entry.used:
                used.append((user_id, entry))
            elif now - entry.read_at >= FRESH:
                del self._entries[user_id]
        if not used:
            return
        async with self._storage.reading() as reading:
            found = await reading.users.access_of([user_id for user_id, _ in used])
        for user_id, entry in used:
            if self._entries.get(user_id) is entry:  # not forgotten or read anew meanwhile
                self._entries[user_id] = Entry(found.get(user_id), now, used=False)


def seen(task: asyncio.Task[Access | None]) -> None:
    """Whoever waited may have gone; an error of theirs is nobody's then."""
    if not task.cancelled():
        task.exception()
