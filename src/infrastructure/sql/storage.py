"""Storage in SQLite, MySQL or MariaDB."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self, final

from doorward.application.ports.storage import CommitListener, Reading, Transaction
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import StorageMoved, TransactionConflict
from doorward.domain.ids import UserId
from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.sql.adoptions import SqlAdoptions
from doorward.infrastructure.sql.agreed_settings import SqlAgreedSettings
from doorward.infrastructure.sql.attempts import SqlAttempts
from doorward.infrastructure.sql.audit import SqlAudit
from doorward.infrastructure.sql.audit_heads import AuditHeads
from doorward.infrastructure.sql.changes import Feed, SqlChanges
from doorward.infrastructure.sql.connection import SqlConnection, connected
from doorward.infrastructure.sql.deleted_users import SqlDeletedUsers
from doorward.infrastructure.sql.engine import Engines, open_engines
from doorward.infrastructure.sql.heartbeats import SqlHeartbeats
from doorward.infrastructure.sql.invitations import SqlInvitations
from doorward.infrastructure.sql.keys import SqlKeys
from doorward.infrastructure.sql.known_agents import SqlKnownAgents
from doorward.infrastructure.sql.leases import SqlLeases
from doorward.infrastructure.sql.letters import SqlLetters
from doorward.infrastructure.sql.link_tokens import SqlLinkTokens
from doorward.infrastructure.sql.locks import SqlLocks
from doorward.infrastructure.sql.nodes import SqlNodes
from doorward.infrastructure.sql.pools import Connections, Limits
from doorward.infrastructure.sql.profiles import SqlProfiles
from doorward.infrastructure.sql.roles import SqlRoles
from doorward.infrastructure.sql.savepoints import savepoint
from doorward.infrastructure.sql.services import SqlServices
from doorward.infrastructure.sql.sessions import SqlSessions
from doorward.infrastructure.sql.sign_in_codes import SqlSignInCodes
from doorward.infrastructure.sql.undo_links import SqlUndoLinks
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.infrastructure.sql.user_pages import SqlUserPages
from doorward.infrastructure.sql.users import SqlUsers

SYSTEM_TIME = SystemClock().now


def never() -> bool:
    return False


@final
@dataclass(slots=True)
class SqlRepositories:
    """The repositories of one connection, for reading and for transactions alike.

    `SqlConnection` refuses writes on connections for reading. Each repository is created on access, because
    most use cases need one or two.
    """

    connection: SqlConnection
    feed: Feed
    now: Callable[[], datetime]
    heads: AuditHeads = field(default_factory=AuditHeads)
    held: set[UserId] = field(default_factory=set)
    """The accounts that this transaction has locked."""

    @property
    def users(self) -> SqlUsers:
        return SqlUsers(self.connection, self.feed, self.heads, self.held)

    @property
    def roles(self) -> SqlRoles:
        return SqlRoles(self.connection, self.feed)

    @property
    def sessions(self) -> SqlSessions:
        return SqlSessions(self.connection, self.feed, self.held)

    @property
    def services(self) -> SqlServices:
        return SqlServices(self.connection, self.feed)

    @property
    def attempts(self) -> SqlAttempts:
        return SqlAttempts(self.connection)

    @property
    def leases(self) -> SqlLeases:
        return SqlLeases(self.connection)

    @property
    def locks(self) -> SqlLocks:
        return SqlLocks(self.connection)

    @property
    def keys(self) -> SqlKeys:
        return SqlKeys(self.connection, self.feed)

    @property
    def changes(self) -> SqlChanges:
        return SqlChanges(self.connection)

    @property
    def letters(self) -> SqlLetters:
        return SqlLetters(self.connection)

    @property
    def link_tokens(self) -> SqlLinkTokens:
        return SqlLinkTokens(self.connection)

    @property
    def audit(self) -> SqlAudit:
        return SqlAudit(self.connection, self.heads, self.now)

    @property
    def undo_links(self) -> SqlUndoLinks:
        return SqlUndoLinks(self.connection)

    @property
    def sign_in_codes(self) -> SqlSignInCodes:
        return SqlSignInCodes(self.connection)

    @property
    def adoptions(self) -> SqlAdoptions:
        return SqlAdoptions(self.connection)

    @property
    def known_agents(self) -> SqlKnownAgents:
        return SqlKnownAgents(self.connection)

    @property
    def profiles(self) -> SqlProfiles:
        return SqlProfiles(self.connection, self.feed)

    @property
    def invitations(self) -> SqlInvitations:
        return SqlInvitations(self.connection)

    @property
    def deleted_users(self) -> SqlDeletedUsers:
        return SqlDeletedUsers(self.connection)

    @property
    def user_pages(self) -> SqlUserPages:
        return SqlUserPages(self.connection)

    @property
    def heartbeats(self) -> SqlHeartbeats:
        return SqlHeartbeats(self.connection)

    @property
    def nodes(self) -> SqlNodes:
        return SqlNodes(self.connection)

    @property
    def agreed_settings(self) -> SqlAgreedSettings:
        return SqlAgreedSettings(self.connection)


@final
class SqlStorage:
    def __init__(self, engines: Engines, now: Callable[[], datetime]) -> None:
        self.engines = engines
        self._now = now
        self._listeners: list[CommitListener] = []
        self._reads_are_old = never

    @classmethod
    def open(
        cls,
        url: DatabaseUrl,
        pool_size: int = 10,
        limits: Limits | None = None,
        now: Callable[[], datetime] = SYSTEM_TIME,
    ) -> Self:
        """Return the storage. It connects when it is used. `pool_size` limits the MySQL connections of this process,
        and `now` dates the entries of the audit log."""
        return cls(open_engines(url, pool_size, limits), now)

    @property
    def connections_in_use(self) -> int:
        lists = self.engines.lists
        return self.engines.writing.in_use + self.engines.reading.in_use + (0 if lists is None else lists.in_use)

    async def close(self) -> None:
        await self.engines.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqlRepositories]:
        async with connected(self.engines.writing, in_transaction=True) as connection:
            await connection.begin()
            feed = Feed(connection)
            yield SqlRepositories(connection, feed, self._now)
            feed.check_age()
            await self._commit(connection, feed.announced)

    async def _commit(self, connection: SqlConnection, announced: Sequence[Change]) -> None:
        committed = False

        def on_commit() -> None:
            nonlocal committed
            committed = True
            self._notify(announced)

        try:
            await connection.commit(on_commit)
        except (TransactionConflict, StorageMoved):  # nothing was committed
            raise
        except BaseException:
            if not committed:
                self._notify([replace(change, certain=False) for change in announced])
            raise

    def _notify(self, announced: Sequence[Change]) -> None:
        if announced:
            for listener in self._listeners:
                listener(announced)

    def reading(self) -> AbstractAsyncContextManager[SqlRepositories]:
        return self.reading_on(self.engines.writing if self.distrusts_reads() else self.engines.reading)

    def following(self) -> AbstractAsyncContextManager[SqlRepositories]:
        return self.reading_on(self.engines.reading)

    @property
    def lists(self) -> "SqlLists":
        """What reads pages of lists, from another server if one is named for it."""
        return SqlLists(self)

    @asynccontextmanager
    async def reading_on(self, connections: Connections) -> AsyncIterator[SqlRepositories]:
        """Open a reading. On connections for writing each statement is a transaction that is rolled back."""
        async with connected(connections, in_transaction=False) as connection:
            yield SqlRepositories(connection, Feed(connection), self._now)

    @property
    def reads_can_be_old(self) -> bool:
        return self.engines.reads_can_be_old

    def distrust_reads_while(self, are_old: Callable[[], bool]) -> None:
        if self.reads_can_be_old:
            self._reads_are_old = are_old

    def distrusts_reads(self) -> bool:
        return self._reads_are_old()

    def savepoint(self, tx: Transaction) -> AbstractAsyncContextManager[None]:
        own = as_own(tx)
        return savepoint(own.connection, own.feed, own.heads)

    def reading_in(self, tx: Transaction) -> Reading:
        return as_own(tx)

    def on_commit(self, listener: CommitListener) -> None:
        self._listeners.append(listener)


@final
@dataclass(frozen=True, slots=True)
class SqlLists:
    """Implements Lists."""

    storage: SqlStorage

    def reading(self) -> AbstractAsyncContextManager[SqlRepositories]:
        connections = self.storage.engines.lists
        return self.storage.reading() if connections is None else self.storage.reading_on(connections)


def as_own(tx: Transaction) -> SqlRepositories:
    """Return a transaction of this adapter with its connection. Raise TypeError for that of another."""
    if not isinstance(tx, SqlRepositories):
        raise TypeError(f"A {type(tx).__name__} is not a transaction of this storage.")
    return tx
