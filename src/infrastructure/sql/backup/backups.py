"""Backs a database up and restores it, on a connection without the time limits of requests."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from threading import Event
from typing import BinaryIO, Final, TypeVar

from sqlalchemy import Connection, Engine

from doorward.domain.errors import BackupUnreadable
from doorward.infrastructure.adapters.backup_adapter import Progress, Restored, RestoreRequest
from doorward.infrastructure.backup.file_errors import raising_file_errors
from doorward.infrastructure.backup.form import Heading
from doorward.infrastructure.backup.reading import ALTERED, BackupReader
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.backup.restore import Restoring, restored_rows
from doorward.infrastructure.sql.backup.tables import backed_up, kind_of
from doorward.infrastructure.sql.backup.unfinished_restore import revision_of
from doorward.infrastructure.sql.backup.write import write_backup
from doorward.infrastructure.sql.contents import HEAD, KNOWN_REVISIONS, SchemaState
from doorward.infrastructure.sql.engine import open_engine, open_migrator, run_in_database
from doorward.infrastructure.sql.naming import VERSION_TABLE, add_table_prefix
from doorward.infrastructure.sql.schema import (
    LOCK_WAIT_SECONDS,
    UNUSABLE,
    current_state,
    migrate,
    refuse_newer,
    unusable_database,
)
from doorward.infrastructure.sql.urls import DatabaseUrl

T = TypeVar("T")
OLDEST_SCHEMA: Final = "0014"
"""A restore leaves an entry in the audit log, which is as old as this revision. No older version wrote a backup."""


class Stopped(Exception):
    """The caller was cancelled."""


async def back_up(url: DatabaseUrl, file: BinaryIO, now: datetime, progress: Progress) -> Heading:
    """Write the content of the database to the file."""
    with raising_file_errors():
        engine = open_snapshot_engine(url)
        return await run_with_progress(
            url, engine, progress, lambda connection, told: write_backup(connection, file, now, told)
        )


def open_snapshot_engine(url: DatabaseUrl) -> Engine:
    """Return an engine with one connection, whose transaction sees what was committed when it began."""
    engine = open_engine(url, settings={"transaction_isolation": "REPEATABLE-READ"})
    add_table_prefix(engine, url.table_prefix)
    return engine


async def restore(url: DatabaseUrl, file: BinaryIO, request: RestoreRequest, progress: Progress) -> Restored:
    """Store the content of the file in the database, and migrate it to the schema of this version.

    A file that can be read twice is read to its end before the database is touched.
    """
    with raising_file_errors():
        return await restore_from(url, file, request, progress)


async def restore_from(url: DatabaseUrl, file: BinaryIO, request: RestoreRequest, progress: Progress) -> Restored:
    if file.seekable():
        await asyncio.to_thread(check_backup, file, request)
        file.seek(0)
    reader = BackupReader(file)
    revision = checked_schema(reader.heading)
    state = await current_state(url)
    refuse_former(state)
    held = revision_of(state.revision or "")
    refuse_newer(held)
    if held and held != revision:
        await restore_part(url, request, progress, lambda restoring: restoring.empty(held))
    if held != revision:
        await migrate(url, revision)
    left_out = await restore_part(url, request, progress, lambda restoring: restoring.load(reader))
    if revision != HEAD:
        await migrate(url)
    return Restored(heading=reader.heading, left_out=left_out, migrated=None if revision == HEAD else (revision, HEAD))


def check_backup(file: BinaryIO, request: RestoreRequest) -> None:
    """Read a backup to its end. Raise BackupUnreadable, or InvalidKey for a signing key that cannot be decrypted."""
    reader = BackupReader(file)
    checked_schema(reader.heading)
    for table in reader.heading.tables:
        for rows in reader.rows(table):
            restored_rows(table, rows, request.rules.restored)
    reader.end()


def checked_schema(heading: Heading) -> str:
    """Return the revision of the backup. Raise BackupUnreadable if this version cannot make a schema of it."""
    if heading.schema > HEAD:
        raise BackupUnreadable(
            f"Doorward {heading.version} wrote it with schema {heading.schema}, and this version knows {HEAD}; restore "
            "it with that version or a later one"
        )
    if heading.schema not in KNOWN_REVISIONS or heading.schema < OLDEST_SCHEMA:
        raise BackupUnreadable(f"its schema is {heading.schema}, of which there are no backups")
    refuse_other_kinds(heading)
    return heading.schema


def refuse_other_kinds(heading: Heading) -> None:
    """Raise BackupUnreadable for tables and columns that are named twice, or whose kind is not that of the column."""
    kinds = {(table.name, column.name): kind_of(column) for table in backed_up() for column in table.columns}
    names = [table.name for table in heading.tables]
    for table in heading.tables:
        if names.count(table.name) > 1 or len(set(table.names)) < len(table.names):
            raise BackupUnreadable(ALTERED)
        if any(kinds.get((table.name, column.name), column.kind) != column.kind for column in table.columns):
            raise BackupUnreadable(ALTERED)


def refuse_former(state: SchemaState) -> None:
    if state.version_table != VERSION_TABLE:
        raise StartRefused(
            f"The database has the number of its schema in {state.version_table}, where an earlier version wrote it; "
            "run `doorward migrate` first."
        )


async def restore_part(
    url: DatabaseUrl, request: RestoreRequest, progress: Progress, work: Callable[[Restoring], None]
) -> dict[str, int]:
    """Do a part of a restore, and return how many rows it left out of which table."""

    def restore_on(connection: Connection, told: Progress) -> dict[str, int]:
        restoring = Restoring(connection, request, url.table_prefix, told)
        work(restoring)
        return restoring.left_out

    engine = open_migrator(url, LOCK_WAIT_SECONDS)
    add_table_prefix(engine, url.table_prefix)
    return await run_with_progress(url, engine, progress, restore_on)


async def run_with_progress(
    url: DatabaseUrl, engine: Engine, progress: Progress, work: Callable[[Connection, Progress], T]
) -> T:
    """Return the result of `work` on a connection. When the caller is cancelled, the work ends with its next progress,
    and is waited for. Raise StartRefused when the database cannot be used."""
    stop = Event()

    def told(table: str, done: int, of: int) -> None:
        if stop.is_set():
            raise Stopped
        progress(table, done, of)

    task = asyncio.ensure_future(run_in_database(engine, lambda connection: work(connection, told)))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        with suppress(Exception):
            await task
        raise
    except UNUSABLE as error:
        raise unusable_database(url, error) from error
