"""The adapter as the contract tests of Doorward use it: `pytest -p exam --pyargs doorward.testing.contracts.storage`.

TEST_POSTGRESQL_URL names an empty database that the tests may write to. Its server listens without TLS.
"""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg
import pytest

from doorward.adapters import Address, StorageAddress
from doorward.application.ports.storage import Storage
from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.sql.pools import Limits
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.tables import metadata
from doorward.testing.contracts.storage import ExaminedAdapter, ServerAddress
from doorward_postgresql.adapter import PostgresqlAdapter
from doorward_postgresql.engine import DEADLOCK_MARGIN_MS, open_engines

CONNECTIONS = 10
ALL_BUT = {"roles": " WHERE name NOT IN ('user', 'moderator', 'admin')"}
"""Which rows of a table are deleted before a test, if not all."""


@dataclass(frozen=True, slots=True)
class Database:
    """The database of the tests."""

    url: str
    table_prefix: str = ""
    lock_seconds: float | None = None
    """How long the server lets a storage wait for a lock. None is less than the storage waits for its server: the tests
    are to see what a refused statement does to a transaction."""

    def adapter(self, address: ServerAddress | None = None) -> PostgresqlAdapter:
        """Return the adapter, which connects to that address if one is given: that of a proxy before the server."""
        at = urlsplit(self.url)
        if address is not None:
            at = at._replace(netloc=f"{at.netloc.rpartition('@')[0]}@{address[0]}:{address[1]}")
        return PostgresqlAdapter.at(StorageAddress(url=Address.parse(at.geturl()), table_prefix=self.table_prefix))

    def opened(self, address: ServerAddress | None, seconds: float) -> Storage:
        adapter = self.adapter(address)
        lock_seconds = self.lock_seconds or max(0.01, seconds * 0.8 - DEADLOCK_MARGIN_MS / 1000)
        limits = Limits(
            wait_seconds=seconds,
            first_connect_seconds=seconds,
            pool_wait_seconds=seconds * 0.8,
            lock_wait_seconds=lock_seconds,
        )
        return SqlStorage(open_engines(adapter.url, self.table_prefix, CONNECTIONS, limits), SystemClock().now)

    async def migrated(self) -> None:
        await self.adapter().migrate()

    async def emptied(self) -> None:
        quoted = {table.name: f'"{self.table_prefix}{table.name}"' for table in reversed(metadata.sorted_tables)}
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(
                ";".join(f"DELETE FROM {name}{ALL_BUT.get(table, '')}" for table, name in quoted.items())
            )
        finally:
            await connection.close()

    @property
    def contract(self) -> ExaminedAdapter:
        at = urlsplit(self.url)
        return ExaminedAdapter(
            opened=self.opened,
            migrated=self.migrated,
            emptied=self.emptied,
            concurrent=True,
            address=(at.hostname or "", at.port or 5432),
        )


@pytest.fixture(scope="session")
def database() -> Database:
    url = os.environ.get("TEST_POSTGRESQL_URL")
    if not url:
        pytest.exit(
            "Name an empty database for the tests in TEST_POSTGRESQL_URL.", returncode=pytest.ExitCode.USAGE_ERROR
        )
    return Database(url)


@pytest.fixture(scope="session")
def storage_adapter(database: Database) -> ExaminedAdapter:
    return database.contract
