"""Doorward's own storage adapters, for the contract tests. Tests in memory run without SQLAlchemy."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from doorward.application.ports.storage import Storage
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.infrastructure.memory.tables import MemoryDatabase
from doorward.testing.contracts.storage import ExaminedAdapter, ServerAddress
from support.mysql.server import MySQLServer

if TYPE_CHECKING:
    from support.storage_adapters import MySQLDatabase, SqliteFile

ADAPTERS = ("memory", "sqlite", "mysql", pytest.param("prefixed-sqlite", marks=pytest.mark.full))
TABLE_PREFIX = "Auth_"


@dataclass(slots=True)
class InMemory:
    """The data of one test, which every storage that it opens shares."""

    database: MemoryDatabase = field(default_factory=MemoryDatabase)

    def opened(self, address: ServerAddress | None, limit_seconds: float) -> Storage:
        return MemoryStorage(database=self.database, wait_seconds=limit_seconds)

    async def emptied(self) -> None:
        self.database = MemoryDatabase()


@pytest.fixture(scope="session")
def memory_adapter() -> ExaminedAdapter:
    memory = InMemory()
    return ExaminedAdapter(opened=memory.opened, emptied=memory.emptied)


@pytest.fixture(scope="session")
def sqlite_database(tmp_path_factory: pytest.TempPathFactory) -> "SqliteFile":
    from support.storage_adapters import SqliteFile  # noqa: PLC0415

    return SqliteFile(tmp_path_factory.mktemp("contracts"))


@pytest.fixture(scope="session")
def sqlite_adapter(sqlite_database: "SqliteFile") -> ExaminedAdapter:
    return sqlite_database.adapter


@pytest.fixture(scope="session")
def prefixed_sqlite_adapter(tmp_path_factory: pytest.TempPathFactory) -> ExaminedAdapter:
    from support.storage_adapters import SqliteFile  # noqa: PLC0415

    return SqliteFile(tmp_path_factory.mktemp("prefixed-contracts"), TABLE_PREFIX).adapter


@pytest.fixture(scope="session")
def mysql_database(mysql_server: MySQLServer) -> "Iterator[MySQLDatabase]":
    from support.storage_adapters import MySQLDatabase  # noqa: PLC0415

    raw_url = mysql_server.fresh_database()
    yield MySQLDatabase(mysql_server, raw_url)
    mysql_server.drop(raw_url)


@pytest.fixture(scope="session")
def mysql_adapter(mysql_database: "MySQLDatabase") -> ExaminedAdapter:
    return mysql_database.adapter


@pytest.fixture(params=ADAPTERS)
def storage_adapter(request: pytest.FixtureRequest) -> ExaminedAdapter:
    """Each adapter in turn. `pytest -k sqlite` chooses one."""
    adapter: ExaminedAdapter = request.getfixturevalue(f"{request.param.replace('-', '_')}_adapter")
    return adapter
