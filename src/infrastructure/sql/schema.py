"""The revision of the database schema, and its migration. Alembic is imported only to migrate."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError, OperationalError

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.settings.database_not_ready import DatabaseNotReady
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.backup.unfinished_restore import refuse_unfinished
from doorward.infrastructure.sql.contents import CURRENT, HEAD, KNOWN_REVISIONS, SchemaState, schema_state
from doorward.infrastructure.sql.engine import open_engine, open_migrator, run_in_database
from doorward.infrastructure.sql.errors import MISSING_PRIVILEGE_CODES, error_code, is_busy
from doorward.infrastructure.sql.mysql.obstacles import explained
from doorward.infrastructure.sql.naming import VERSION_TABLE
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.infrastructure.sql.waiting import WaitLimit

LOCK_WAIT_SECONDS = 10
"""How long a migration waits for another one to end."""

RETRY_PAUSE_SECONDS = 0.05
"""Between two attempts to migrate a locked SQLite database."""

MAX_LOCK_NAME_CHARACTERS = 64

REVISION_TIMEOUT_SECONDS = 10.0
"""The time for connecting and reading the revision, when the database is checked. Nothing is known about its distance
then."""

ACCESS_DENIED_CODES = frozenset({1045, 1698})
"""MySQL's errors for an unknown user or a wrong password."""

UNREACHABLE_CODES = frozenset({1040, 1053, 1129, 1203, 2003, 2013})
"""MySQL's errors and those of its clients for a server that cannot be asked at present: too many connections, a
shutdown, and the network."""

UNUSABLE = (DBAPIError, OSError, StorageUnavailable)
"""Errors of a database that cannot be reached or used."""


async def check_schema(url: DatabaseUrl) -> None:
    """Raise StartRefused unless the database has exactly the schema of this version."""
    found = await current_state(url)
    if found.revision is None:
        names = f" that begin with {url.table_prefix}" if url.table_prefix else ""
        raise StartRefused(f"The database {url.masked} has no tables of Doorward{names}; run `doorward migrate`.")
    refuse_newer(found.revision)
    if found.revision < HEAD:
        raise StartRefused(f"The database has schema {found.revision} and {HEAD} is needed; run `doorward migrate`.")
    if found != CURRENT:
        raise StartRefused(
            f"The database has the number of its schema in {found.version_table}, where an earlier version wrote it; "
            "run `doorward migrate`."
        )


def refuse_unknown(current: str) -> None:
    """Raise StartRefused for an older revision that no migration knows."""
    if current not in KNOWN_REVISIONS:
        raise StartRefused(f"The database has schema {current}, which no Doorward creates; restore a backup.")


def refuse_newer(current: str) -> None:
    refuse_unfinished(current)
    if current > HEAD:
        raise StartRefused(
            f"The database has schema {current}, which a newer version created (this one knows {HEAD}); run the newer "
            "version, since `doorward migrate` does not downgrade."
        )


async def current_state(url: DatabaseUrl) -> SchemaState:
    """Return the state of the schema. Raise StartRefused when the database cannot be used."""
    try:
        return await read_state(url)
    except UNUSABLE as error:
        raise unusable_database(url, error) from error


async def read_state(url: DatabaseUrl) -> SchemaState:
    """Return the state of the schema, and change nothing."""
    if url.sqlite_path is not None and not url.sqlite_path.exists():
        return SchemaState(None)
    async with WaitLimit(REVISION_TIMEOUT_SECONDS):
        return await run_in_database(open_engine(url), partial(schema_state, url))


async def migrate(url: DatabaseUrl, target: str = "head") -> None:
    """Migrate the database to a revision: `head`, `base` (no tables at all), or a number.

    One process migrates at a time; the others wait and find it done. Raise StartRefused when it cannot be migrated.
    """
    give_up = asyncio.get_running_loop().time() + LOCK_WAIT_SECONDS
    try:
        while not await attempted(url, target, last=asyncio.get_running_loop().time() > give_up):  # noqa: ASYNC110
            await asyncio.sleep(RETRY_PAUSE_SECONDS)
    except UNUSABLE as error:
        raise unusable_database(url, error) from error


async def attempted(url: DatabaseUrl, target: str, *, last: bool) -> bool:
    """Try to migrate. Return False when SQLite is locked: it does not wait while a new file becomes WAL."""
    try:
        await read_state(url)  # refuses what can be refused before SQLite changes the file, or a server takes too long
        await run_in_database(open_migrator(url, LOCK_WAIT_SECONDS), partial(migrate_connection, url, target))
    except (OperationalError, StorageUnavailable) as error:
        if last or not is_busy(cause(error)):
            raise
        return False
    return True


def migrate_connection(url: DatabaseUrl, target: str, connection: Connection) -> None:
    from doorward.infrastructure.sql.migrations.run import move_version_table, run  # noqa: PLC0415 slow to import

    with exclusive(url, connection):
        found = schema_state(url, connection)
        refuse_newer(found.revision or "")
        refuse_unknown(found.revision or "")
        if found.version_table != VERSION_TABLE:
            move_version_table(connection, found.version_table)
        run(connection, url.table_prefix, found.revision, target)


@contextmanager
def exclusive(url: DatabaseUrl, connection: Connection) -> Iterator[None]:
    """Keep other processes from migrating meanwhile, and commit at the end. The lock ends with the connection.

    SQLite migrates in one transaction. MySQL commits each step, so a named lock keeps the others out.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        connection.exec_driver_sql("COMMIT")
        return
    name = func.left(func.concat(lock_name(url), func.database()), MAX_LOCK_NAME_CHARACTERS)
    if connection.scalar(select(func.get_lock(name, LOCK_WAIT_SECONDS))) != 1:
        raise DatabaseNotReady(
            f"Another process has been migrating this database for {LOCK_WAIT_SECONDS} s; try again later."
        )
    yield
    connection.commit()


def lock_name(url: DatabaseUrl) -> str:
    """Return the beginning of the lock's name. The name of the database follows, since the whole server has one lock of
    each name."""
    return f"doorward migrate {url.table_prefix} " if url.table_prefix else "doorward migrate "


def cause(error: Exception) -> Exception:
    """Return the error behind a connection that could not be made, or else the error itself."""
    behind = error.__cause__ if isinstance(error, StorageUnavailable) else None
    return behind if isinstance(behind, Exception) else error


def describe(error: Exception) -> str:
    """Return what is known about an error that has no message of the database server."""
    return "no answer in time" if isinstance(error, OSError) else "the server broke the connection off"


def is_unreachable(error: Exception) -> bool:
    """Return whether the database may answer later. A certificate that is refused is refused again."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, OSError | StorageUnavailable)
    behind = error.orig.__cause__ if error.orig is not None else None
    return error_code(error.orig) in UNREACHABLE_CODES and not isinstance(behind, ssl.SSLError)


def unusable_database(url: DatabaseUrl, error: Exception) -> StartRefused:
    """Return a refusal of one line with the message of the database server, which contains no password."""
    if (explanation := explained(error)) is not None:
        words, fix = explanation
        return StartRefused(f"The database {url.masked} cannot be used, since it {words}; {fix}.")
    error = cause(error)
    reason = error.orig if isinstance(error, DBAPIError) else None
    words = " ".join(str(part) for part in reason.args) if reason else describe(error)
    if error_code(reason) in ACCESS_DENIED_CODES:
        return StartRefused(
            f"The database server refused the sign-in of {url.masked} ({' '.join(words.split())}); check the user and "
            "the password in DOORWARD_DATABASE_URL."
        )
    if error_code(reason) in MISSING_PRIVILEGE_CODES:
        return StartRefused(
            f"The account of {url.masked} may not do this ({' '.join(words.split())}); migrating takes CREATE, ALTER, "
            "DROP, INDEX and REFERENCES, serving SELECT, INSERT, UPDATE and DELETE."
        )
    kind = DatabaseNotReady if is_unreachable(error) else StartRefused
    return kind(
        f"The database {url.masked} cannot be used ({' '.join(words.split())}); check that it is up and that "
        "DOORWARD_DATABASE_URL names it."
    )
