"""SQLite files that another process has locked, that are full, or that are missing."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from doorward.application.access.grant_role import GrantRole
from doorward.application.ports.storage import Storage
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import ADMIN, Role, RoleName
from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.sql.connection import connected
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_user
from doorward.testing.doubles import NOON, ListLog
from doorward.testing.storage_access import found, put
from support.concurrent_load import GUARD, idle, served_by
from support.programs.small_disk import fill, mount, small_disk
from support.programs.sqlite_lock import locked_by_another

WRITE = """
import contextlib, sqlite3, sys
with contextlib.closing(sqlite3.connect(sys.argv[1])) as connection, connection:
    connection.execute("UPDATE roles SET description = 'from another process'")
"""


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqlStorage]:
    url = DatabaseUrl.parse(f"sqlite:///{tmp_path / 'doorward.db'}")
    await migrate(url)
    storage = SqlStorage.open(url)
    yield storage
    await storage.close()


async def test_a_file_that_another_process_locked_is_read_and_not_written(sqlite: SqlStorage, tmp_path: Path) -> None:
    """F-13."""
    ada = a_user()
    await put(sqlite, ada)
    with locked_by_another(tmp_path / "doorward.db"):
        async with asyncio.timeout(GUARD):
            with pytest.raises(StorageUnavailable):
                await GrantRole(sqlite, ListLog())(ada.id, ADMIN, NOON, by=OPERATOR)
            assert await found(sqlite, ada.id) == ada
    await served_by(sqlite, ada)


async def test_a_disk_that_is_full_is_read_and_not_written(sqlite: SqlStorage) -> None:
    """SQLite's limit for the size of the file gives the same error as a full disk."""
    ada, much = a_user(), Role(name=RoleName("much"), description="much " * 20_000, created_at=NOON)
    await put(sqlite, ada)
    await limit(sqlite, 1)  # SQLite raises the limit to the present size of the file
    with pytest.raises(StorageUnavailable):
        await put(sqlite, a_user("bob"), much)
    async with sqlite.reading() as reading:
        assert await reading.users.by_login("ada") == ada
        assert await reading.users.by_login("bob") is None
    await limit(sqlite, 1_000_000)
    await put(sqlite, a_user("bob"), much)
    assert idle(sqlite)


async def limit(storage: SqlStorage, pages: int) -> None:
    """Set the limit on the one connection that writes."""
    async with connected(storage.engines.writing, in_transaction=False) as connection:
        await connection.rows(text(f"PRAGMA max_page_count = {pages}"))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "4m") as folder:
        yield folder


async def test_a_file_on_a_read_only_file_system_is_not_written_until_that_ends(disk: Path) -> None:
    """OP-09: a connection keeps what it found when it opened the file, so it is dropped."""
    url = DatabaseUrl.parse(f"sqlite:///{disk / 'doorward.db'}")
    storage = SqlStorage.open(url)
    try:
        await migrate(url)
        mount("-o", "remount,ro", str(disk))
        for _ in range(2):
            with pytest.raises(StorageUnavailable) as refused:
                await put(storage, a_user())
            assert refused.value.cause.startswith("OperationalError SQLITE_")
        mount("-o", "remount,rw", str(disk))
        await put(storage, a_user())
        assert idle(storage)
    finally:
        await storage.close()


async def test_a_file_on_a_full_disk_is_read_and_is_written_when_there_is_room_again(disk: Path) -> None:
    """OP-09, F-12."""
    url, ada = DatabaseUrl.parse(f"sqlite:///{disk / 'doorward.db'}"), a_user()
    storage, much = SqlStorage.open(url), Role(name=RoleName("much"), description="much " * 20_000, created_at=NOON)
    try:
        await migrate(url)
        await put(storage, ada)
        fill(disk / "filler")
        for _ in range(2):
            with pytest.raises(StorageUnavailable) as refused:
                await put(storage, much)
            assert re.fullmatch(r"OperationalError SQLITE_(FULL|IOERR\w*) in [\w.]+", refused.value.cause)
            assert await found(storage, ada.id) == ada
        (disk / "filler").unlink()
        await put(storage, much)
        assert idle(storage)
    finally:
        await storage.close()


async def test_a_missing_file_is_not_created(tmp_path: Path) -> None:
    storage: Storage = SqlStorage.open(DatabaseUrl.parse(f"sqlite:///{tmp_path / 'nothing.db'}"))
    ada = a_user()
    with pytest.raises(StorageUnavailable):
        await put(storage, ada)
    with pytest.raises(StorageUnavailable):
        await found(storage, ada.id)
    assert not (tmp_path / "nothing.db").exists()


async def test_a_migration_in_a_process_releases_no_lock_of_its_open_connections(
    sqlite: SqlStorage, tmp_path: Path
) -> None:
    """Otherwise a process that closes the file takes itself for the last one, and removes what these still use."""
    path = tmp_path / "doorward.db"
    ada = a_user()
    await put(sqlite, ada)
    await migrate(DatabaseUrl.parse(f"sqlite:///{path}"))
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", WRITE, str(path)], check=True)
    assert path.with_name("doorward.db-wal").exists()
    assert await found(sqlite, ada.id) == ada
