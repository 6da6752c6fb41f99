"""Storage in memory: a complete adapter for unit tests and for trying things out. Its data end with the process.

It runs one transaction at a time. A transaction works on a copy of the data, which replaces the data at the commit.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import final

from doorward.application.ports.storage import CommitListener, Reading, Transaction
from doorward.domain.change_feed.change import Change, SequencedChange
from doorward.domain.errors import StorageUnavailable, TransactionConflict
from doorward.infrastructure.memory.adoptions import MemoryAdoptions
from doorward.infrastructure.memory.attempts import MemoryAttempts
from doorward.infrastructure.memory.audit import MemoryAudit
from doorward.infrastructure.memory.deleted_users import MemoryDeletedUsers
from doorward.infrastructure.memory.invitations import MemoryInvitations
from doorward.infrastructure.memory.known_agents import MemoryKnownAgents
from doorward.infrastructure.memory.leases import MemoryLeases
from doorward.infrastructure.memory.letters import MemoryLetters
from doorward.infrastructure.memory.link_tokens import MemoryLinkTokens
from doorward.infrastructure.memory.locks import MemoryLocks
from doorward.infrastructure.memory.nodes import MemoryAgreedSettings, MemoryHeartbeats, MemoryNodes
from doorward.infrastructure.memory.profiles import MemoryProfiles
from doorward.infrastructure.memory.repositories import MemoryChanges, MemoryKeys, MemoryRoles, MemoryUsers
from doorward.infrastructure.memory.services import MemoryServices
from doorward.infrastructure.memory.sessions import MemorySessions
from doorward.infrastructure.memory.sign_in_codes import MemorySignInCodes
from doorward.infrastructure.memory.tables import MemoryDatabase, Tables
from doorward.infrastructure.memory.undo_links import MemoryUndoLinks
from doorward.infrastructure.memory.user_pages import MemoryUserPages


@final
class MemoryTransaction:
    def __init__(self, tables: Tables, now: Callable[[], datetime]) -> None:
        self.tables = tables
        self.announced: list[Change] = []
        self._now = now
        self.users = MemoryUsers(tables, self.announce)
        self.roles = MemoryRoles(tables, self.announce)
        self.sessions = MemorySessions(tables, self.announce)
        self.services = MemoryServices(tables, self.announce)
        self.attempts = MemoryAttempts(tables, self.users)
        self.leases = MemoryLeases(tables)
        self.locks = MemoryLocks()
        self.keys = MemoryKeys(tables, self.announce)
        self.changes = MemoryChanges(tables)
        self.letters = MemoryLetters(tables)
        self.link_tokens = MemoryLinkTokens(tables)
        self.audit = MemoryAudit(tables, now)
        self.undo_links = MemoryUndoLinks(tables)
        self.sign_in_codes = MemorySignInCodes(tables)
        self.adoptions = MemoryAdoptions(tables)
        self.known_agents = MemoryKnownAgents(tables)
        self.profiles = MemoryProfiles(tables, self.announce)
        self.invitations = MemoryInvitations(tables)
        self.deleted_users = MemoryDeletedUsers(tables)
        self.user_pages = MemoryUserPages(tables)
        self.heartbeats = MemoryHeartbeats(tables, now)
        self.nodes = MemoryNodes(tables, now)
        self.agreed_settings = MemoryAgreedSettings(tables)

    def announce(self, change: Change) -> None:
        self.announced.append(change)
        self.tables.changes.append(SequencedChange(self.tables.next_sequence, change, self._now()))
        self.tables.next_sequence += 1


@final
class MemoryReading:
    """Makes each repository from a copy of the data that are committed when it is requested."""

    def __init__(self, database: MemoryDatabase, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._now = now

    @property
    def users(self) -> MemoryUsers:
        return MemoryUsers(self._copy(), refuse)

    @property
    def roles(self) -> MemoryRoles:
        return MemoryRoles(self._copy(), refuse)

    @property
    def sessions(self) -> MemorySessions:
        return MemorySessions(self._copy(), refuse)

    @property
    def services(self) -> MemoryServices:
        return MemoryServices(self._copy(), refuse)

    @property
    def attempts(self) -> MemoryAttempts:
        tables = self._copy()
        return MemoryAttempts(tables, MemoryUsers(tables, refuse))

    @property
    def keys(self) -> MemoryKeys:
        return MemoryKeys(self._copy(), refuse)

    @property
    def changes(self) -> MemoryChanges:
        return MemoryChanges(self._copy())

    @property
    def letters(self) -> MemoryLetters:
        return MemoryLetters(self._copy())

    @property
    def link_tokens(self) -> MemoryLinkTokens:
        return MemoryLinkTokens(self._copy())

    @property
    def audit(self) -> MemoryAudit:
        return MemoryAudit(self._copy(), self._now)

    @property
    def adoptions(self) -> MemoryAdoptions:
        return MemoryAdoptions(self._copy())

    @property
    def undo_links(self) -> MemoryUndoLinks:
        return MemoryUndoLinks(self._copy())

    @property
    def profiles(self) -> MemoryProfiles:
        return MemoryProfiles(self._copy(), refuse)

    @property
    def invitations(self) -> MemoryInvitations:
        return MemoryInvitations(self._copy())

    @property
    def deleted_users(self) -> MemoryDeletedUsers:
        return MemoryDeletedUsers(self._copy())

    @property
    def user_pages(self) -> MemoryUserPages:
        return MemoryUserPages(self._copy())

    @property
    def heartbeats(self) -> MemoryHeartbeats:
        return MemoryHeartbeats(self._copy(), self._now)

    @property
    def nodes(self) -> MemoryNodes:
        return MemoryNodes(self._copy(), self._now)

    @property
    def agreed_settings(self) -> MemoryAgreedSettings:
        return MemoryAgreedSettings(self._copy())

    def _copy(self) -> Tables:
        return self._database.tables.copied()


def refuse(_: Change) -> None:
    raise TypeError("A reading cannot write; use a transaction.")


class MemoryStorage:
    def __init__(
        self,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        database: MemoryDatabase | None = None,
        wait_seconds: float = 60,
    ) -> None:
        """`now` dates the changes of the feed. Without a `database` the storage gets one of its own. A transaction
        waits `wait_seconds` for another one."""
        self.database = database or MemoryDatabase()
        self.wait_seconds = wait_seconds
        self._listeners: list[CommitListener] = []
        self._now = now

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        async with self._alone():
            tx = MemoryTransaction(self.database.tables.copied(), self._now)
            yield tx
            self.database.tables = tx.tables
            self._notify(tx.announced)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Hold the lock of the data in the block. Raise StorageUnavailable when others hold it for too long."""
        try:
            async with asyncio.timeout(self.wait_seconds):
                await self.database.lock.acquire()
        except TimeoutError as error:
            raise StorageUnavailable(cause="lock in memory") from error
        try:
            yield
        finally:
            self.database.lock.release()

    def _notify(self, changes: Sequence[Change]) -> None:
        if changes:
            for listener in self._listeners:
                listener(changes)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[MemoryReading]:
        yield MemoryReading(self.database, self._now)

    @property
    def reads_can_be_old(self) -> bool:
        return False

    def following(self) -> AbstractAsyncContextManager[MemoryReading]:
        return self.reading()

    def distrust_reads_while(self, are_old: Callable[[], bool]) -> None:
        """Do nothing: no reading is old."""

    def distrusts_reads(self) -> bool:
        return False

    @asynccontextmanager
    async def savepoint(self, tx: Transaction) -> AsyncIterator[None]:
        own = as_own(tx)
        before, announced = own.tables.copied(), len(own.announced)
        try:
            yield
        except (StorageUnavailable, TransactionConflict):
            raise
        except Exception:
            own.tables.restore(before)
            del own.announced[announced:]
            raise

    def reading_in(self, tx: Transaction) -> Reading:
        return as_own(tx)

    def on_commit(self, listener: CommitListener) -> None:
        self._listeners.append(listener)

    async def close(self) -> None:
        """Do nothing: the storage holds nothing open."""


def as_own(tx: Transaction) -> MemoryTransaction:
    """Return a transaction of this adapter with its data. Raise TypeError for that of another."""
    if not isinstance(tx, MemoryTransaction):
        raise TypeError(f"A {type(tx).__name__} is not a transaction of this storage.")
    return tx
