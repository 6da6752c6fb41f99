"""All that differs per database server: how to connect, what each session is told, how a transaction begins.

SQLAlchemy loads the dialect and driver that the URL names and no other. These are its plain engines with async
drivers underneath; `connection.py` says why.
"""

import os
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Dialect, Engine, NullPool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection

from doorward.infrastructure.settings.data_dir import refuse_shared
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.pool import Pool
from doorward.infrastructure.sql.urls import DatabaseUrl, Tls

PATIENCE = 1.0
"""Seconds to wait for a lock, and for a TCP connection."""

SQLITE_READERS = 4

SQLITE_SESSION = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON")
"""FULL, so that no power cut brings a revoked grant back."""

SQL_MODE = (
    "STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION"
)
MYSQL_SESSION = (
    f"SET SESSION time_zone = '+00:00', sql_mode = '{SQL_MODE}', innodb_lock_wait_timeout = {PATIENCE:.0f}",
)
MYSQL_MIGRATING = ("SET SESSION innodb_lock_wait_timeout = 10, lock_wait_timeout = 10",)

STATEMENTS_PREPARED = 64
"""Per connection. MySQL allows 16,382 on the whole server."""


@dataclass(frozen=True, slots=True)
class Pools:
    writing: Pool
    reading: Pool
    """Takes no writes, and runs each statement outside of any transaction."""
    begin: str | None
    """What begins a writing transaction where the driver does not do it by itself."""

    async def close(self) -> None:
        await self.writing.close()
        await self.reading.close()


def open_pools(url: DatabaseUrl, size: int) -> Pools:
    """Nothing connects yet. `size` is for MySQL: all connections together (two at least); half of them write."""
    if url.sqlite_path is not None:
        reader = sqlite(url.sqlite_path, (*SQLITE_SESSION, "PRAGMA query_only = ON"), isolation_level="AUTOCOMMIT")
        return Pools(
            writing=Pool(sqlite(url.sqlite_path, SQLITE_SESSION), 1),
            reading=Pool(reader, SQLITE_READERS),
            begin="BEGIN IMMEDIATE",
        )
    writers = max(1, size // 2)
    reader = mysql(url, (*MYSQL_SESSION, "SET SESSION TRANSACTION READ ONLY"), isolation_level="AUTOCOMMIT")
    return Pools(
        writing=Pool(mysql(url, MYSQL_SESSION, isolation_level="READ COMMITTED"), writers),
        reading=Pool(reader, max(1, size - writers)),
        begin=None,
    )


def open_migrator(url: DatabaseUrl, patience: int) -> Engine:
    """One connection that may take its time; on SQLite it makes the file, for nobody else to read."""
    if url.sqlite_path is None:
        return mysql(url, (*MYSQL_SESSION, *MYSQL_MIGRATING))
    make_private(url.sqlite_path)
    return sqlite(url.sqlite_path, SQLITE_SESSION, patience=patience)


def make_private(path: Path) -> None:
    """The file with mode 0600 (SQLite gives -wal and -shm the same), a missing folder for it with 0700."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:  # also for a link to nowhere, through which nothing is made
            os.close(os.open(path, os.O_RDWR))
    except OSError as error:
        raise StartRefused(f"The database file {path} cannot be opened: {error.strerror}.") from error


def refuse_open_files(url: DatabaseUrl) -> None:
    """Raise StartRefused when others may read or write SQLite's files (ST-09), or when a link stands for the file and
    leads nowhere. The folder is the operator's own affair, unless it is the data folder."""
    if url.sqlite_path is None:
        return
    if url.sqlite_path.is_symlink() and not url.sqlite_path.exists():
        raise StartRefused(f"The database file {url.sqlite_path} is a symbolic link to nowhere: name the file itself.")
    for suffix in ("", "-wal", "-shm"):
        refuse_shared(Path(f"{url.sqlite_path}{suffix}"), "600")


def sqlite(path: Path, session: Sequence[str], *, patience: float = PATIENCE, **options: Any) -> Engine:
    """A file that is not there is not made in passing."""
    url = URL.create("sqlite+aiosqlite", database=path.absolute().as_uri(), query={"uri": "true", "mode": "rw"})
    made = engine(url, session, connect_args={"timeout": patience, "isolation_level": None}, **options)

    def is_there(dialect: Dialect, *_: object) -> None:
        """Before the driver starts a thread that it would leave behind."""
        if not os.access(path, os.R_OK | os.W_OK):
            raise dialect.loaded_dbapi.OperationalError("unable to open database file")

    event.listen(made, "do_connect", is_there)
    return made


def mysql(at: DatabaseUrl, session: Sequence[str], **options: Any) -> Engine:
    url = URL.create("mysql+asyncmy", at.username, host=at.host, port=at.port, database=at.database)
    connect_args = {
        "password": at.password.encode(),  # the driver would encode text as Latin-1
        "charset": "utf8mb4",
        "connect_timeout": PATIENCE,
        "stmt_cache_size": STATEMENTS_PREPARED,
        "ssl": tls_context(at),
    }
    return engine(url, session, connect_args=connect_args, **options)


def engine(url: URL, session: Sequence[str], **options: Any) -> Engine:
    """One that keeps no connection; `pool.py` does. What is open on one is rolled back by who opened it."""
    made = create_engine(url, hide_parameters=True, poolclass=NullPool, pool_reset_on_return=None, **options)
    event.listen(made, "connect", told(session))
    return made


def told(statements: Sequence[str]) -> Callable[[DBAPIConnection, object], None]:
    def on_connect(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()

    return on_connect


def error_code(error: BaseException | None) -> int | None:
    """MySQL's error number."""
    code = error.args[0] if error is not None and error.args else None
    return code if isinstance(code, int) else None


def tls_context(url: DatabaseUrl) -> ssl.SSLContext | None:
    """Always a context of ours: whatever else the driver takes for TLS options may end in plain text."""
    if url.tls is Tls.DISABLED:
        return None
    try:
        context = ssl.create_default_context(cafile=url.ca)
    except OSError as error:
        raise StartRefused(f"The file that ssl-ca names, {url.ca}, holds no certificates that can be read.") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if url.tls is not Tls.VERIFY_IDENTITY:
        context.check_hostname = False
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # MySQL's own certificates lack what it asks for
    if url.tls is Tls.REQUIRED:
        context.verify_mode = ssl.CERT_NONE
    return context
