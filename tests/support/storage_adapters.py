"""The SQL adapter on a file and on a server, for the contract tests."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import event

from doorward.application.ports.storage import Storage
from doorward.infrastructure.sql.asynchronous import AsyncConnections
from doorward.infrastructure.sql.mysql.hosts import Host
from doorward.infrastructure.sql.pools import Limits
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.contracts.storage import ExaminedAdapter, ServerAddress
from support.mysql.server import MySQLServer

EMPTIED = (
    "DELETE FROM user_roles",
    "DELETE FROM sessions",
    "DELETE FROM letters",
    "DELETE FROM link_tokens",
    "DELETE FROM undo_links",
    "DELETE FROM sign_in_codes",
    "DELETE FROM known_agents",
    "DELETE FROM profiles",
    "DELETE FROM invitations",
    "DELETE FROM users",
    "DELETE FROM roles WHERE name NOT IN ('user', 'moderator', 'admin')",
    "DELETE FROM services",
    "DELETE FROM leases",
    "DELETE FROM sign_in_attempts",
    "DELETE FROM signing_keys",
    "DELETE FROM changes",
    "DELETE FROM audit_entries",
    "DELETE FROM audit_streams",
    "DELETE FROM adopted_accounts",
    "DELETE FROM heartbeats",
    "DELETE FROM nodes",
    "DELETE FROM agreed_settings",
)


def limits(seconds: float) -> Limits:
    return Limits(
        wait_seconds=seconds,
        first_connect_seconds=seconds,
        pool_wait_seconds=seconds * 5 / 6,
        lock_wait_seconds=seconds * 2 / 3,
    )


def refuse_writes(storage: SqlStorage) -> None:
    """Fail a test in which a connection for reading gets anything but a SELECT. No contract may depend on a server that
    refuses it."""

    def check(_: object, __: object, statement: str, *___: object) -> None:
        assert statement.startswith("SELECT "), f"A reading runs {statement}"

    reading = storage.engines.reading
    assert isinstance(reading, AsyncConnections)
    event.listen(reading.engine, "before_cursor_execute", check)


@dataclass(slots=True)
class SqliteFile:
    """Before each test, a new copy of a migrated file."""

    folder: Path
    table_prefix: str = ""
    copies: int = 0

    @property
    def url(self) -> DatabaseUrl:
        return DatabaseUrl(sqlite_path=self.folder / f"doorward{self.copies}.db", table_prefix=self.table_prefix)

    def opened(self, address: ServerAddress | None, limit_seconds: float) -> Storage:
        return SqlStorage.open(self.url, limits=limits(limit_seconds))

    async def migrated(self) -> None:
        await migrate(replace(self.url, sqlite_path=self.folder / "template.db"))

    async def emptied(self) -> None:
        (self.folder / f"doorward{self.copies}.db").unlink(missing_ok=True)
        self.copies += 1
        shutil.copy(self.folder / "template.db", self.folder / f"doorward{self.copies}.db")

    @property
    def adapter(self) -> ExaminedAdapter:
        return ExaminedAdapter(opened=self.opened, migrated=self.migrated, emptied=self.emptied)


@dataclass(frozen=True, slots=True)
class MySQLDatabase:
    server: MySQLServer
    raw_url: str

    @property
    def url(self) -> DatabaseUrl:
        return DatabaseUrl.parse(self.raw_url)

    def opened(self, address: ServerAddress | None, limit_seconds: float) -> Storage:
        host, port = address or (self.url.hosts[0].name, self.url.hosts[0].port)
        storage = SqlStorage.open(replace(self.url, hosts=(Host(host, port),)), limits=limits(limit_seconds))
        refuse_writes(storage)
        return storage

    async def migrated(self) -> None:
        await migrate(self.url)

    async def emptied(self) -> None:
        self.server.sql(f"USE {self.url.database}", *EMPTIED)

    @property
    def adapter(self) -> ExaminedAdapter:
        return ExaminedAdapter(
            opened=self.opened,
            migrated=self.migrated,
            emptied=self.emptied,
            concurrent=True,
            address=(self.url.hosts[0].name, self.url.hosts[0].port),
        )
