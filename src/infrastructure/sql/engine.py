"""Creates the engines. Only this module names drivers; `mysql_settings.py` has what each MySQL connection is set to.

SQLAlchemy loads the dialect and the driver that the URL names, and no other.
"""

import asyncio
import errno
import os
import ssl
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
from doorward.infrastructure.sql import mysql_settings
from doorward.infrastructure.sql.asynchronous import AsyncConnections
from doorward.infrastructure.sql.connection import Connections, Limits
from doorward.infrastructure.sql.errors import connecting, mark_lost_connections
from doorward.infrastructure.sql.naming import add_table_prefix
from doorward.infrastructure.sql.sqlite import DO_NOT_WAIT, SqliteConnections
from doorward.infrastructure.sql.urls import CA_SETTING, DatabaseUrl, Tls

T = TypeVar("T")
SQLITE_READERS = 4
SQLITE_SESSION = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON")
"""FULL, so that a committed revocation survives a power failure."""

MAX_CONNECTION_AGE_SECONDS = 240
"""Older connections are replaced: proxies and hosting providers cut idle ones after five minutes."""

CONNECT_TIMEOUT_SECONDS = 10
"""The time-out of the driver. Doorward's limits are shorter; this one ends attempts that nobody waits for any more."""

MAX_PREPARED_STATEMENTS = 64
"""Per connection. MySQL allows 16,382 on the whole server."""


@dataclass(frozen=True, slots=True)
class Engines:
    writing: Connections
    reading: Connections
    """Each statement runs outside of any transaction. SQLite rejects writes on these connections, and `SqlConnection`
    does so for every database."""
    reads_can_be_old: bool = True
    """Whether `reading` may lead to a replica, by itself or through a proxy. It cannot where all is in one file."""

    async def close(self) -> None:
        await self.writing.close()
        await self.reading.close()


def open_engines(url: DatabaseUrl, size: int, limits: Limits | None = None) -> Engines:
    """Return the engines of a database. They connect when they are used.

    `size` is the number of MySQL connections, at least two. Half of them write. SQLite ignores it.
    """
    limits = limits or Limits()
    if url.sqlite_path is None:
        return mysql_engines(url, size, limits)
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


def mysql_engines(url: DatabaseUrl, size: int, limits: Limits) -> Engines:
    writers = max(1, size // 2)
    readers = max(1, size - writers)
    locks = {"innodb_lock_wait_timeout": max(1, round(limits.lock_wait_seconds))}
    writing = mysql(url, {**mysql_settings.WRITING, **locks}, writers)
    reading = mysql(url, {**mysql_settings.READING, **locks}, readers, skip_autocommit_rollback=True)
    for engine in (writing, reading):
        add_table_prefix(engine, url.table_prefix)
    return Engines(
        writing=AsyncConnections(writing, limits, writers), reading=AsyncConnections(reading, limits, readers)
    )


def open_engine(url: DatabaseUrl) -> Engine:
    """Return an engine with one connection, to read the schema. It changes nothing, not even a file of SQLite that
    belongs to another program."""
    if url.sqlite_path is None:
        return mysql(url, mysql_settings.READING, 1, skip_autocommit_rollback=True)
    return sqlite(url.sqlite_path, ("PRAGMA query_only = ON",), Limits())


def open_migrator(url: DatabaseUrl, lock_wait_seconds: int) -> Engine:
    """Return an engine for migrations, which wait longer for locks. A missing SQLite file is created with mode 0600."""
    limits = Limits(lock_wait_seconds=lock_wait_seconds)
    if url.sqlite_path is None:
        locks = {"innodb_lock_wait_timeout": lock_wait_seconds, "lock_wait_timeout": lock_wait_seconds}
        return mysql(url, {**mysql_settings.WRITING, **locks}, 1)
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
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": limits.lock_wait_seconds, "check_same_thread": False},
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        poolclass=NullPool,
        pool_reset_on_return=None,
    )
    prepare(engine, lambda _: session)
    return engine


def mysql(at: DatabaseUrl, settings: mysql_settings.Settings, size: int, **options: Any) -> Engine:
    """Return an engine whose pool does not roll back: the code that begins a transaction ends it.

    The time-outs of the driver and of the pool are longer than the limits of a session, so they never apply first.
    """
    engine = create_engine(
        URL.create("mysql+asyncmy", at.username, host=at.host, port=at.port, database=at.database),
        hide_parameters=True,
        connect_args={
            "password": at.password.encode(),  # the driver would encode text as Latin-1
            "charset": "utf8mb4",
            "autocommit": None,  # one of the settings; the driver would assume that it is on
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "stmt_cache_size": MAX_PREPARED_STATEMENTS,
            "ssl": tls_context(at),
            "unix_socket": None if at.unix_socket is None else str(at.unix_socket),
        },
        pool_size=size,
        max_overflow=0,
        pool_recycle=MAX_CONNECTION_AGE_SECONDS,
        pool_use_lifo=True,
        pool_reset_on_return=None,
        **options,
    )
    prepare(
        engine,
        lambda connection: [mysql_settings.set_statement(settings, connection.driver_connection.get_server_info())],
    )
    return engine


def prepare(engine: Engine, session: Callable[[Any], Sequence[str]]) -> None:
    """Run the statements that `session` returns on each new connection, before SQLAlchemy looks at what the server is
    set to, and extend what counts as a lost connection."""

    def on_connect(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for statement in session(connection):
            cursor.execute(statement)
        cursor.close()

    event.listen(engine, "connect", on_connect, insert=True)
    event.listen(engine, "handle_error", mark_lost_connections)


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


def tls_context(url: DatabaseUrl) -> ssl.SSLContext | None:
    """Return the TLS context of connections, or None without TLS. The driver may ignore TLS options of another form."""
    if url.tls is Tls.DISABLED:
        return None
    try:
        context = ssl.create_default_context(cafile=url.ca, cadata=url.ca_certificates)
    except OSError as error:
        source = f"ssl-ca names {url.ca}, which" if url.ca_certificates is None else CA_SETTING
        raise StartRefused(f"{source} holds no readable certificates.") from error
    if url.certificate is not None:
        try:
            context.load_cert_chain(url.certificate, url.private_key, password=lambda: "")
        except (OSError, ValueError) as error:  # an SSLError is an OSError; ValueError: the key has a passphrase
            raise StartRefused(
                f"ssl-cert and ssl-key name {url.certificate} and {url.private_key}, which are not a certificate and "
                "its key without a passphrase, both in PEM."
            ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if url.tls is not Tls.VERIFY_IDENTITY:
        context.check_hostname = False
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the certificates that MySQL generates do not fulfil it
    if url.tls is Tls.REQUIRED:
        context.verify_mode = ssl.CERT_NONE
    return context
