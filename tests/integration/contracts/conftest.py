"""Every storage adapter sits the same exam. A new one is a parameter here and a branch in `storage`."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from application.ports.storage import Storage
from infrastructure.memory.storage import MemoryStorage
from infrastructure.sql.schema import migrate
from infrastructure.sql.storage import SqlStorage
from infrastructure.sql.urls import DatabaseUrl
from mysql_server import MySQLServer

ADAPTERS = ("memory", "sqlite", "mysql")
EMPTIED = (
    "DELETE FROM user_roles",
    "DELETE FROM users",
    "DELETE FROM roles WHERE name NOT IN ('user', 'moderator', 'admin')",
    "DELETE FROM signing_keys",
    "DELETE FROM changes",
)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "doorward.db"
    await migrate(DatabaseUrl.parse(f"sqlite:///{path}"))
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
def database(adapter: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseUrl | None]:
    """Migrated and empty; None where no database is needed."""
    match adapter:
        case "sqlite":
            path = tmp_path / "doorward.db"
            shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
            yield DatabaseUrl.parse(f"sqlite:///{path}")
        case "mysql":
            url = DatabaseUrl.parse(request.getfixturevalue("migrated_mysql"))
            yield url
            request.getfixturevalue("mysql_server").sql(f"USE {url.database}", *EMPTIED)
        case _:
            yield None


@pytest.fixture
async def storage(database: DatabaseUrl | None) -> AsyncIterator[Storage]:
    if database is None:
        yield MemoryStorage()
        return
    storage = SqlStorage.open(database)
    yield storage
    await storage.close()
