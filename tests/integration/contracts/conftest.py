"""Fixtures that run every contract test on each storage adapter.

A new adapter is a name in ADAPTERS and a branch in `opened`.
"""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from doorward.application.ports.storage import Storage
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.infrastructure.sql.connection import Limits
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from support.mysql.server import MySQLServer

ADAPTERS = ("memory", "sqlite", "mysql", pytest.param("prefixed-sqlite", marks=pytest.mark.full))
CONCURRENT = frozenset({"mysql"})
"""Adapters on which several transactions write at the same time. On the others they run one after the other."""

TABLE_PREFIX = "Auth_"

LIMITS = Limits(wait_seconds=60, pool_wait_seconds=50, lock_wait_seconds=40)
"""Generous, since no contract is about time and the machine may be busy."""

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
)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "doorward.db"
    await migrate(DatabaseUrl.parse(f"sqlite:///{path}"))
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_prefixed_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prefixed-template") / "doorward.db"
    await migrate(DatabaseUrl(sqlite_path=path, table_prefix=TABLE_PREFIX))
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_mysql(mysql_server: MySQLServer) -> AsyncIterator[str]:
    url = mysql_server.fresh_database()
    await migrate(DatabaseUrl.parse(url))
    yield url
    mysql_server.drop(url)


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def concurrent(adapter: str) -> bool:
    return adapter in CONCURRENT


@pytest.fixture
def database(adapter: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseUrl | None]:
    """A migrated, empty database; None for an adapter that needs none."""
    match adapter:
        case "sqlite":
            path = tmp_path / "doorward.db"
            shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
            yield DatabaseUrl.parse(f"sqlite:///{path}")
        case "prefixed-sqlite":
            path = tmp_path / "doorward.db"
            shutil.copy(request.getfixturevalue("migrated_prefixed_sqlite"), path)
            yield DatabaseUrl(sqlite_path=path, table_prefix=TABLE_PREFIX)
        case "mysql":
            url = DatabaseUrl.parse(request.getfixturevalue("migrated_mysql"))
            yield url
            request.getfixturevalue("mysql_server").sql(f"USE {url.database}", *EMPTIED)
        case _:
            yield None


@pytest.fixture
async def storage(adapter: str, database: DatabaseUrl | None) -> AsyncIterator[Storage]:
    storage = opened(adapter, database)
    yield storage
    await storage.close()


def opened(adapter: str, database: DatabaseUrl | None) -> Storage:
    """Open the storage of one of ADAPTERS."""
    match adapter, database:
        case "memory", None:
            return MemoryStorage()
        case (("sqlite" | "prefixed-sqlite" | "mysql"), DatabaseUrl()):
            return SqlStorage.open(database, limits=LIMITS)
    raise LookupError(f"No storage is opened for the adapter {adapter}.")
