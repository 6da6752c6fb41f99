"""A restore is refused before anything is lost, or leaves a database on which no node starts."""

import asyncio
import errno
from concurrent.futures import ThreadPoolExecutor
from gzip import compress, decompress
from io import BytesIO

import pytest
from sqlalchemy import select, update

from doorward.domain.errors import BackupUnreadable, RestoreRefused
from doorward.domain.ids import uuid7
from doorward.infrastructure.adapters.backup_adapter import RestoreRequest
from doorward.infrastructure.backup.voided import RestoreRules
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.backup.backups import back_up, restore
from doorward.infrastructure.sql.backup.unfinished_restore import mark
from doorward.infrastructure.sql.contents import CURRENT, HEAD, SchemaState
from doorward.infrastructure.sql.nodes import ADD as ADD_NODE
from doorward.infrastructure.sql.schema import check_schema, current_state, migrate
from doorward.infrastructure.sql.tables import nodes, users
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.doubles import NOON
from integration.backups.conftest import FreshDatabase
from support.backups import backup_of, restored_into, told_to_nobody, unchanged
from support.every_table import contents, fill, on_database

KINDS = pytest.mark.parametrize("kind", ["sqlite", pytest.param("mysql", marks=pytest.mark.full)])


def count_of_users(url: DatabaseUrl) -> int:
    return on_database(url, lambda connection: len(connection.execute(select(users.c.id)).all()))


class Unseekable(BytesIO):
    """Like a pipe: it can be read once."""

    def seekable(self) -> bool:
        return False


def piped_into(url: DatabaseUrl, backup: bytes, *, replace: bool = False) -> None:
    rules = RestoreRules(end_sessions=False, now=NOON, resealed=unchanged)
    asyncio.run(restore(url, Unseekable(backup), RestoreRequest(rules=rules, replace=replace), told_to_nobody))


def test_a_database_with_accounts_is_refused_by_what_it_holds_unless_it_may_be_replaced(
    fresh_database: FreshDatabase,
) -> None:
    """F-40."""
    here, there = fresh_database("sqlite"), fresh_database("sqlite")
    fill(here)
    backup = backup_of(here)
    restored_into(there, backup)
    before = contents(there)
    with pytest.raises(RestoreRefused, match=r"holds 3 accounts, 3 services, 3 invitations; .+ or add --replace"):
        restored_into(there, backup)
    assert contents(there) == before
    restored_into(there, backup, replace=True)
    assert contents(there)["users"] == before["users"]


def test_a_cut_off_backup_changes_nothing(fresh_database: FreshDatabase) -> None:
    """F-40: a file is read to its end before the database is touched."""
    here, there = fresh_database("sqlite"), fresh_database("sqlite", tables=False)
    fill(here)
    with pytest.raises(BackupUnreadable, match="cut off"):
        restored_into(there, backup_of(here)[:-40])
    assert there.sqlite_path is not None
    assert not there.sqlite_path.exists()


def test_a_cut_off_pipe_leaves_sqlite_as_it_was(fresh_database: FreshDatabase) -> None:
    """F-40: it is one transaction."""
    here = fresh_database("sqlite")
    fill(here)
    before = contents(here)
    with pytest.raises(BackupUnreadable, match="cut off"):
        piped_into(here, backup_of(here)[:-40], replace=True)
    assert contents(here) == before
    asyncio.run(check_schema(here))


@pytest.mark.usefixtures("mysql_server")
def test_on_mysql_no_node_starts_on_what_a_cut_off_pipe_left_and_the_next_restore_begins_anew(
    fresh_database: FreshDatabase,
) -> None:
    """F-40."""
    here, there = fresh_database("sqlite"), fresh_database("mysql")
    fill(here)
    backup = backup_of(here)
    with pytest.raises(BackupUnreadable, match="cut off"):
        piped_into(there, backup[:-40])
    assert count_of_users(there) == 3
    for refused in (check_schema(there), migrate(there), back_up_and_check(there)):
        with pytest.raises(StartRefused, match=r"or the restore was interrupted.+`doorward restore FILE`"):
            asyncio.run(refused)
    restored_into(there, backup)
    asyncio.run(check_schema(there))
    assert contents(there)["users"] == contents(here)["users"]


async def back_up_and_check(url: DatabaseUrl) -> None:
    """As the command does it."""
    await check_schema(url)
    await back_up(url, BytesIO(), NOON, told_to_nobody)


@pytest.mark.full
@KINDS
def test_an_unfinished_restore_of_another_schema_is_begun_anew(fresh_database: FreshDatabase, kind: str) -> None:
    """F-40: such as one of an earlier backup."""
    here, there = fresh_database("sqlite"), fresh_database(kind, tables=False)
    fill(here)
    asyncio.run(migrate(there, "0014"))
    on_database(there, lambda connection: mark(connection, "0014"))
    restored_into(there, backup_of(here))
    assert asyncio.run(current_state(there)) == CURRENT
    assert contents(there)["users"] == contents(here)["users"]


@KINDS
def test_a_database_that_a_node_works_with_is_refused(fresh_database: FreshDatabase, kind: str) -> None:
    """F-40: until the node has ended, or has been silent for long."""
    here, there = fresh_database("sqlite"), fresh_database(kind)
    backup, node_id = backup_of(here), uuid7(NOON)
    reported = {"node": node_id, "called": "gate-7", "release": "1.0"}
    on_database(there, lambda connection: connection.execute(ADD_NODE, reported))
    with pytest.raises(RestoreRefused, match=r"The node gate-7 works .+ less than (30|180) seconds ago; stop"):
        restored_into(there, backup, replace=True)
    on_database(there, lambda connection: connection.execute(update(nodes).values(reported_at=NOON)))
    restored_into(there, backup)


def test_a_restore_that_ended_while_another_one_began_is_not_taken_for_an_unfinished_one(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-40: the mark counts as it is when the other one has ended."""
    here, there = fresh_database("sqlite"), fresh_database("sqlite")
    fill(here)
    backup = backup_of(here)
    restored_into(there, backup)
    marked = SchemaState(f"restoring {HEAD}")

    async def as_read_before(_: DatabaseUrl) -> SchemaState:
        return marked

    monkeypatch.setattr("doorward.infrastructure.sql.backup.backups.current_state", as_read_before)
    with pytest.raises(RestoreRefused, match="The database holds 3 accounts"):
        restored_into(there, backup)
    monkeypatch.setattr("doorward.infrastructure.sql.backup.restore.held_version", lambda _: "0001")
    with pytest.raises(RestoreRefused, match="has just changed the schema of this database; try again"):
        restored_into(there, backup)
    assert count_of_users(there) == 3


@pytest.mark.full
@pytest.mark.usefixtures("mysql_server")
def test_one_restore_runs_at_a_time_on_mysql(fresh_database: FreshDatabase) -> None:
    here, there = fresh_database("sqlite"), fresh_database("mysql")
    fill(here)
    backup = backup_of(here)
    refused: list[str] = []

    def try_another(table: str, done: int, of: int) -> None:
        if table == "users":
            with pytest.raises(RestoreRefused, match="Another process is restoring") as refusal:
                thread_restore(there, backup)
            refused.append(str(refusal.value))

    rules = RestoreRules(end_sessions=False, now=NOON, resealed=unchanged)
    request = RestoreRequest(rules=rules, replace=False)
    asyncio.run(restore(there, BytesIO(backup), request, try_another))
    assert len(refused) == 1
    assert count_of_users(there) == 3


def thread_restore(url: DatabaseUrl, backup: bytes) -> None:
    """Try a restore from inside of another one, whose event loop waits for it."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(restored_into, url, backup, replace=True).result()


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ("9999", "wrote it with schema 9999, and this version knows .+; restore it with that version or a later one"),
        ("0001", "its schema is 0001, of which there are no backups"),
        ("abc", "schema abc"),
    ],
)
def test_a_backup_of_a_schema_that_this_version_cannot_make_is_refused(
    fresh_database: FreshDatabase, schema: str, reason: str
) -> None:
    """F-40."""
    here = fresh_database("sqlite")
    lines = decompress(backup_of(here))
    head = CURRENT.revision or ""
    altered = lines.replace(f'"schema":"{head}"'.encode(), f'"schema":"{schema}"'.encode(), 1)
    with pytest.raises(BackupUnreadable, match=reason):
        restored_into(fresh_database("sqlite", tables=False), compress(altered))


def test_a_backup_with_a_table_that_is_not_of_its_schema_is_refused(fresh_database: FreshDatabase) -> None:
    """F-40: such as one that names a table of another program."""
    here, there = fresh_database("sqlite"), fresh_database("sqlite")
    lines = decompress(backup_of(here))
    for old, new in ((b'"name":"services"', b'"name":"sqlite_master"'), (b'"secret_hash"', b'"secret"')):
        with pytest.raises(BackupUnreadable, match=r"its table \w+ is not the one of schema|altered"):
            piped_into(there, compress(lines.replace(old, new, 1)))


def test_a_backup_that_is_interrupted_ends_with_its_next_page(fresh_database: FreshDatabase) -> None:
    """F-40: Ctrl-C cancels the command, and nothing uses the file afterwards."""
    here = fresh_database("sqlite")
    fill(here)
    seen: list[str] = []

    async def interrupted() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def interrupt(table: str, done: int, of: int) -> None:
            seen.append(table)
            if len(seen) == 2:
                loop.call_soon_threadsafe(task.cancel)
                asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()

        await back_up(here, BytesIO(), NOON, interrupt)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupted())
    assert len(seen) < 5


class Full(BytesIO):
    """Like a file on a disk that is full."""

    def write(self, _: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


class Broken(BytesIO):
    """Like a file on a disk that is broken behind its first bytes."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > 100:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(min(size or 1, 100))


def test_an_error_of_the_file_is_not_taken_for_one_of_the_database(fresh_database: FreshDatabase) -> None:
    """F-40."""
    here = fresh_database("sqlite")
    with pytest.raises(OSError, match="No space left"):
        asyncio.run(back_up(here, Full(), NOON, told_to_nobody))
    rules = RestoreRules(end_sessions=True, now=NOON, resealed=unchanged)
    with pytest.raises(OSError, match="Input/output error"):
        asyncio.run(restore(here, Broken(backup_of(here)), RestoreRequest(rules=rules, replace=True), told_to_nobody))
