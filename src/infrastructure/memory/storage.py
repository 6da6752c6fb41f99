"""Storage in memory: a real adapter, for unit tests and for trying things out. It forgets with the process.

One transaction at a time (an asyncio lock), working on a copy that replaces the original at the commit.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import final

from doorward.application.ports.storage import CommitListener
from doorward.domain.access.role import BUILT_IN, Role
from doorward.domain.change_feed.change import Change, SequencedChange
from doorward.infrastructure.memory.leases import MemoryLeases
from doorward.infrastructure.memory.locks import MemoryLocks
from doorward.infrastructure.memory.repositories import MemoryChanges, MemoryKeys, MemoryRoles, MemoryUsers
from doorward.infrastructure.memory.services import MemoryServices
from doorward.infrastructure.memory.sessions import MemorySessions
from doorward.infrastructure.memory.tables import Tables

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@final
class MemoryTransaction:
    def __init__(self, tables: Tables, now: Callable[[], datetime]) -> None:
        self.tables = tables
        self.announced: list[Change] = []
        self._now = now
        self.users = MemoryUsers(tables, self.announce)
        self.roles = MemoryRoles(tables, self.announce)
        self.sessions = MemorySessions(tables, self.announce)
        self.services = MemoryServices(tables)
        self.leases = MemoryLeases(tables)
        self.locks = MemoryLocks()
        self.keys = MemoryKeys(tables, self.announce)
        self.changes = MemoryChanges(tables)

    def announce(self, change: Change) -> None:
        self.announced.append(change)
        self.tables.changes.append(SequencedChange(self.tables.next_sequence, change, self._now()))
        self.tables.next_sequence += 1


@final
class MemoryReading:
    """Each repository is made of a copy of what is committed when it is asked for; writes to a copy go nowhere."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._storage = storage

    @property
    def users(self) -> MemoryUsers:
        return MemoryUsers(self._storage.committed(), refuse)

    @property
    def roles(self) -> MemoryRoles:
        return MemoryRoles(self._storage.committed(), refuse)

    @property
    def sessions(self) -> MemorySessions:
        return MemorySessions(self._storage.committed(), refuse)

    @property
    def services(self) -> MemoryServices:
        return MemoryServices(self._storage.committed())

    @property
    def keys(self) -> MemoryKeys:
        return MemoryKeys(self._storage.committed(), refuse)

    @property
    def changes(self) -> MemoryChanges:
        return MemoryChanges(self._storage.committed())


def refuse(_: Change) -> None:
    raise TypeError("This is for reading; write in a transaction.")


class MemoryStorage:
    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`now` dates the entries of the change feed."""
        self._tables = Tables(roles={name: Role(name=name, created_at=BEGINNING) for name in BUILT_IN})
        self._lock = asyncio.Lock()
        self._listeners: list[CommitListener] = []
        self._now = now

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        async with self._lock:
            tx = MemoryTransaction(self._tables.copied(), self._now)
            yield tx
            self._tables = tx.tables
            self._tell(tx.announced)

    def _tell(self, changes: Sequence[Change]) -> None:
        if changes:
            for listener in self._listeners:
                listener(changes)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[MemoryReading]:
        yield MemoryReading(self)

    def committed(self) -> Tables:
        """A copy of everything, as it is now."""
        return self._tables.copied()

    def on_commit(self, listener: CommitListener) -> None:
        self._listeners.append(listener)

    async def close(self) -> None:
        """Nothing to let go of."""
