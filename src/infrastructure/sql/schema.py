"""Which schema the database has, and how it gets the right one. Alembic is loaded only to migrate."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import SQLITE_BUSY

from sqlalchemy import Connection, Engine, String, column, func, inspect, select, table
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.util import greenlet_spawn

from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.connection import LONGEST
from doorward.infrastructure.sql.engine import error_code, open_migrator, open_pools
from doorward.infrastructure.sql.urls import DatabaseUrl

HEAD = "0002"
"""The revision that this Doorward works with. Revisions are numbered: a greater one is a newer one."""

OLDER = frozenset({"", "0001", HEAD})
"""Every revision that there was so far; the empty one is that of a new database."""

PATIENCE = 10
"""Seconds that a migration waits for another one to end."""

PAUSE = 0.05

FORBIDDEN = frozenset({1044, 1142, 1227, 1370})
"""MySQL's errors for an account that lacks a right."""

VERSION_TABLE = "alembic_version"
VERSION = select(column("version_num", String)).select_from(table(VERSION_TABLE))


async def check_schema(url: DatabaseUrl) -> None:
    """Raise StartRefused unless the database has exactly the schema that this Doorward works with."""
    current = await current_revision(url)
    if current is None:
        raise StartRefused(f"The database {url.masked} is empty; run `doorward migrate`.")
    refuse_newer(current)
    if current < HEAD:
        raise StartRefused(f"The database has schema {current} and {HEAD} is needed; run `doorward migrate`.")


def refuse_unknown(current: str) -> None:
    """What is older than ours is a revision that our migrations know."""
    if current not in OLDER:
        raise StartRefused(f"The database has schema {current}, which no Doorward makes; restore a backup.")


def refuse_newer(current: str) -> None:
    if current > HEAD:
        raise StartRefused(
            f"The database has schema {current}, made by a newer Doorward (this one knows {HEAD}); run that one, for "
            "`doorward migrate` does not go back."
        )


async def current_revision(url: DatabaseUrl) -> str | None:
    """None for a database that was never migrated. Raise StartRefused when it does not answer."""
    if url.sqlite_path is not None and not url.sqlite_path.exists():
        return None
    pools = open_pools(url, 2)
    try:
        async with asyncio.timeout(LONGEST):
            return await greenlet_spawn(read_revision, pools.reading.engine)
    except (DBAPIError, TimeoutError) as error:
        raise unusable(url, error) from error
    finally:
        await pools.close()


def read_revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return revision(connection)


def revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.scalar(VERSION)


async def migrate(url: DatabaseUrl, target: str = "head") -> None:
    """Take the database to a revision: `head`, `base` (nothing at all), or a number. One process at a time does; the
    others wait and find it done. Raise StartRefused when it cannot be."""
    if url.sqlite_path is None:
        await current_revision(url)  # which does not wait for ever for a server that hangs
    engine = open_migrator(url, PATIENCE)
    give_up = asyncio.get_running_loop().time() + PATIENCE
    try:
        while not await attempted(engine, target, last=asyncio.get_running_loop().time() > give_up):  # noqa: ASYNC110
            await asyncio.sleep(PAUSE)
    except DBAPIError as error:
        raise unusable(url, error) from error
    finally:
        await greenlet_spawn(engine.dispose)


async def attempted(engine: Engine, target: str, *, last: bool) -> bool:
    """False when SQLite is locked: while two processes turn a new file to WAL, it does not wait by itself."""
    try:
        await greenlet_spawn(migrated, engine, target)
    except OperationalError as error:
        if last or getattr(error.orig, "sqlite_errorcode", None) != SQLITE_BUSY:
            raise
        return False
    return True


def migrated(engine: Engine, target: str) -> None:
    from doorward.infrastructure.sql.migrations.run import run  # noqa: PLC0415 alembic is needed for nothing else

    with engine.connect() as connection, alone(connection):
        current = revision(connection)
        refuse_newer(current or "")
        refuse_unknown(current or "")
        run(connection, current, target)
        connection.commit()


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """SQLite migrates in one transaction that nobody else can write beside; MySQL commits every step of it, so there a
    lock by name keeps the others out. Either ends with the connection, should the process die."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        return
    name = func.left(func.concat("doorward migrate ", func.database()), 64)
    if connection.scalar(select(func.get_lock(name, PATIENCE))) != 1:
        raise StartRefused(f"Another process has been migrating this database for {PATIENCE} s; try again later.")
    yield


def unusable(url: DatabaseUrl, error: Exception) -> StartRefused:
    """One line with the server's own words, which name no password."""
    reason = error.orig if isinstance(error, DBAPIError) else None
    told = " ".join(str(part) for part in reason.args) if reason else "no answer in time"
    if error_code(reason) in FORBIDDEN:
        return StartRefused(
            f"The account of {url.masked} may not do this ({' '.join(told.split())}); migrating takes CREATE, ALTER, "
            "DROP, INDEX and REFERENCES, serving SELECT, INSERT, UPDATE and DELETE."
        )
    return StartRefused(
        f"The database {url.masked} cannot be used ({' '.join(told.split())}); check that it is up and that "
        "DOORWARD_DATABASE_URL names it."
    )
