"""Storage in SQLite, MySQL or MariaDB."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Self, final

from doorward.application.ports.storage import CommitListener
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import TransactionConflict
from doorward.infrastructure.sql.changes import Feed, SqlChanges
from doorward.infrastructure.sql.connection import SqlConnection, connected
from doorward.infrastructure.sql.engine import Pools, open_pools
from doorward.infrastructure.sql.keys import SqlKeys
from doorward.infrastructure.sql.leases import SqlLeases
from doorward.infrastructure.sql.locks import SqlLocks
from doorward.infrastructure.sql.roles import SqlRoles
from doorward.infrastructure.sql.services import SqlServices
from doorward.infrastructure.sql.sessions import SqlSessions
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.infrastructure.sql.users import SqlUsers


@final
@dataclass(slots=True)
class SqlRepositories:
    """For reading and for transactions alike: a connection for reading takes no writes, the server refuses them. Each
    is made when it is asked for, since hardly anybody needs more than two."""

    connection: SqlConnection
    feed: Feed

    @property
    def users(self) -> SqlUsers:
        return SqlUsers(self.connection, self.feed)

    @property
    def roles(self) -> SqlRoles:
        return SqlRoles(self.connection, self.feed)

    @property
    def sessions(self) -> SqlSessions:
        return SqlSessions(self.connection, self.feed)

    @property
    def services(self) -> SqlServices:
        return SqlServices(self.connection)

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


@final
class SqlStorage:
    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        self._listeners: list[CommitListener] = []

    @classmethod
    def open(cls, url: DatabaseUrl, pool_size: int = 10) -> Self:
        """Nothing connects yet. `pool_size` (for MySQL) counts all connections of this process."""
        return cls(open_pools(url, pool_size))

    async def close(self) -> None:
        await self._pools.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqlRepositories]:
        async with connected(self._pools.writing, alone=False) as connection:
            if self._pools.begin is not None:
                await connection.begin(self._pools.begin)
            feed = Feed(connection)
            yield SqlRepositories(connection, feed)
            await self._commit(connection, feed.announced)

    async def _commit(self, connection: SqlConnection, announced: Sequence[Change]) -> None:
        committed = False

        def done() -> None:
            nonlocal committed
            committed = True
            self._tell(announced)

        try:
            await connection.commit(done)
        except TransactionConflict:
            raise
        except BaseException:
            if not committed:
                self._tell([replace(change, certain=False) for change in announced])
            raise

    def _tell(self, announced: Sequence[Change]) -> None:
        if announced:
            for listener in self._listeners:
                listener(announced)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlRepositories]:
        async with connected(self._pools.reading, alone=True) as connection:
            yield SqlRepositories(connection, Feed(connection))

    def on_commit(self, listener: CommitListener) -> None:
        self._listeners.append(listener)
