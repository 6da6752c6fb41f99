"""Creates the engines. `mysql/engine.py` is about those of MySQL, of which the driver is loaded when one is used."""

import asyncio
import errno
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.util import greenlet_spawn

from doorward.infrastructure.private_files import make_private_directory
from doorward.infrastructure.settings.file_access import refuse_shared_file
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.errors import connecting, mark_lost_connections
from doorward.infrastructure.sql.mysql.host_order import HostOrder
from doorward.infrastructure.sql.mysql.session_variables import NO_SETTINGS, Settings
from doorward.infrastructure.sql.mysql.standing import Use
from doorward.infrastructure.sql.naming import add_table_prefix
from doorward.infrastructure.sql.pools import Connections, Limits
from doorward.infrastructure.sql.sqlite import DO_NOT_WAIT, SqliteConnections
from doorward.infrastructure.sql.urls import DatabaseUrl

T = TypeVar("T")
SQLITE_READERS = 4
SQLITE_SESSION = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON")
"""FULL, so that a committed revocation survives a power failure."""


@dataclass(frozen=True, slots=True)
class Engines:
    writing: Connections
    reading: Connections
    """Each statement runs outside of any transaction. SQLite rejects writes on these connections, and `SqlConnection`
    does so for every database."""
    reads_can_be_old: bool = True
    """Whether `reading` may lead to a replica, by itself or through a proxy. It cannot where all is in one file."""
    lists: Connections | None = None
    """For pages of lists, if another server is named for these."""

    async def close(self) -> None:
        await self.writing.close()
        await self.reading.close()
        if self.lists is not None:
            await self.lists.close()


def open_engines(url: DatabaseUrl, size: int, limits: Limits | None = None) -> Engines:
    """Return the engines of a database. They connect when they are used.

    `size` is the number of MySQL connections, at least two. Half of them write. SQLite ignores it.
    """
    limits = limits or Limits()
    if url.sqlite_path is None:
        from doorward.infrastructure.sql.mysql.engine import mysql_pools  # noqa: PLC0415 SQLite needs no driver of MySQL

        writing, reading, lists = mysql_pools(url, size, limits)
        return Engines(writing=writing, reading=reading, lists=lists)
    return sqlite_engines(url.sqlite_path, url.table_prefix, limits)


def sqlite_engines(path: Path, table_prefix: str, limits: Limits) -> Engines:
    writing = sqlite(path, (*SQLITE_SESSION, DO_NOT_WAIT), limits)
    reading = sqlite(path, (*SQLITE_SESSION, "PRAGMA query_only = ON", DO_NOT_WAIT), limits)
    for engine in (writing, reading):
        add_table_prefix(engine, table_prefix)
    return Engines(
        writing=SqliteConnections(writing, limits, 1),
        reading=SqliteConnections(reading, limits, SQLITE_READERS),
        reads_can_be_old=False,
    )


def open_engine(url: DatabaseUrl, use: Use = Use.READING, settings: Settings = NO_SETTINGS) -> Engine:
    """Return an engine with one connection, to read the schema, for example. It changes nothing, not even a file of
    SQLite that belongs to another program. `use` says which MySQL server will do, and `settings` are set on it beside
    those of all connections."""
    if url.sqlite_path is None:
        from doorward.infrastructure.sql.mysql.engine import mysql_engine  # noqa: PLC0415 SQLite needs no driver of MySQL

        return mysql_engine(url, use, HostOrder(url.hosts), 1, settings)
    return sqlite(url.sqlite_path, ("PRAGMA query_only = ON",), Limits())


def open_migrator(url: DatabaseUrl, lock_wait_seconds: int) -> Engine:
    """Return an engine for migrations, which wait longer for locks. A missing SQLite file is created with mode 0600."""
    limits = Limits(lock_wait_seconds=lock_wait_seconds)
    if url.sqlite_path is None:
        from doorward.infrastructure.sql.mysql.engine import mysql_engine  # noqa: PLC0415 SQLite needs no driver of MySQL

        locks = {"innodb_lock_wait_timeout": lock_wait_seconds, "lock_wait_timeout": lock_wait_seconds}
        return mysql_engine(url, Use.WRITING, HostOrder(url.hosts), 1, locks)
    make_database_file(url.sqlite_path)
    return sqlite(url.sqlite_path, SQLITE_SESSION, limits)


async def run_in_database(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Return the result of `work` on a synchronous connection without blocking the event loop, and close the engine.

    Raise StorageUnavailable when no connection can be made, and otherwise what `work` raises.
    """
    if engine.dialect.is_async:
        return await greenlet_spawn(run_and_close, engine, work)
    return await asyncio.to_thread(run_and_close, engine, work)


def run_and_close(engine: Engine, work: Callable[[Connection], T]) -> T:
    try:
        with connecting():
            connection = engine.connect()
        with connection:
            return work(connection)
    finally:
        engine.dispose()


def sqlite(path: Path, session: Sequence[str], limits: Limits) -> Engine:
    """Return an engine for an existing file. Doorward begins and ends transactions by statements of its own."""
    url = URL.create("sqlite", database=path.absolute().as_uri(), query={"uri": "true", "mode": "rw"})

    def set_session(connection: Any, _: object) -> None:
        """Run before SQLAlchemy looks at what the connection is set to."""
        cursor = connection.cursor()
        for statement in session:
            cursor.execute(statement)
        cursor.close()

    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": limits.lock_wait_seconds, "check_same_thread": False},
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        poolclass=NullPool,
        pool_reset_on_return=None,
    )
    event.listen(engine, "connect", set_session, insert=True)
    event.listen(engine, "handle_error", mark_lost_connections)
    return engine


def make_database_file(path: Path) -> None:
    """Create the file with mode 0600 and a missing directory with 0700. SQLite copies the mode to its other files."""
    try:
        make_private_directory(path.parent)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:  # a link to a missing file counts as existing, so that nothing is created through it
            refuse_unusable_file(path)
    except OSError as error:
        raise StartRefused(f"The database file {path} cannot be opened: {error.strerror}.") from error


def refuse_unusable_file(path: Path) -> None:
    """Raise OSError when this process may not read and write the file, or when it is missing.

    The file is not opened: closing it would release all locks of this process on it (POSIX), also those of connections
    of SQLite, and another process would then remove the log of changes that they still use.
    """
    if stat.S_ISDIR(path.stat().st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not os.access(path, os.R_OK | os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def refuse_open_files(url: DatabaseUrl) -> None:
    """Raise StartRefused when other users may access SQLite's files, or when the file links to a missing file.

    The directory is not checked here: the data directory is checked elsewhere, and any other is up to the operator.
    """
    if url.sqlite_path is None:
        return
    if url.sqlite_path.is_symlink() and not url.sqlite_path.exists():
        raise StartRefused(f"The database file {url.sqlite_path} links to a missing file; name the file itself.")
    for suffix in ("", "-wal", "-shm"):
        refuse_shared_file(Path(f"{url.sqlite_path}{suffix}"))
