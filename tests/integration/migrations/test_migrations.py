"""Migrations on both databases: up, down, concurrent, and refused for a schema of another version."""

import asyncio
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from doorward.domain.access.role import ADMIN
from doorward.domain.accounts.alias import Alias
from doorward.domain.accounts.profile import Profile
from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.letters.letter import Letter, LetterKind
from doorward.domain.sessions.session import SessionPolicy, new_session_id
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql import schema
from doorward.infrastructure.sql.contents import CURRENT, HEAD, KNOWN_REVISIONS
from doorward.infrastructure.sql.engine import open_migrator, run_in_database
from doorward.infrastructure.sql.naming import VERSION_TABLE
from doorward.infrastructure.sql.schema import check_schema, current_state, migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.tables import metadata
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_session, a_user, an_invitation
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import announced, found, put, session, sessions_of
from support.length import MYSQL_IN_FULL
from support.readme import hand_edit
from support.sql_by_hand import Sql, put_in_first_revision

VERSIONS = Path(schema.__file__).parent / "migrations" / "versions"
MIGRATE = (
    "import asyncio, sys; from doorward.infrastructure.sql.schema import migrate; "
    "from doorward.infrastructure.sql.urls import DatabaseUrl; "
    "asyncio.run(migrate(DatabaseUrl.parse(sys.argv[1])))"
)


def difference(connection: Connection) -> list[Any]:
    options = {"compare_server_default": False, "version_table": VERSION_TABLE}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, metadata))


async def test_up_down_and_up_again(url: DatabaseUrl) -> None:
    assert (await current_state(url)).revision is None
    await migrate(url)
    assert await current_state(url) == CURRENT
    storage = SqlStorage.open(url)
    await put(storage, a_user("ada", ADMIN))
    await storage.close()
    await migrate(url, "base")
    assert (await current_state(url)).revision is None
    await migrate(url)
    await check_schema(url)
    storage = SqlStorage.open(url)
    async with storage.reading() as reading:
        assert await reading.users.by_login("ada") is None
        assert [role.name for role in await reading.roles.all()] == ["admin", "moderator", "user"]
    await storage.close()


async def test_migrating_twice_changes_nothing(url: DatabaseUrl) -> None:
    ada = a_user()
    await migrate(url)
    storage = SqlStorage.open(url)
    await put(storage, ada)
    await migrate(url)
    assert await found(storage, ada.id) == ada
    await storage.close()


async def test_the_migrated_schema_is_that_of_the_tables(url: DatabaseUrl) -> None:
    await migrate(url)
    assert await run_in_database(open_migrator(url, 1), difference) == []


async def test_a_column_that_is_missing_would_be_noticed(url: DatabaseUrl, sql: Sql) -> None:
    await migrate(url)
    sql("ALTER TABLE users DROP COLUMN epoch")
    assert [change[0] for change in await run_in_database(open_migrator(url, 1), difference)] == ["add_column"]


async def test_processes_that_migrate_at_once_take_turns(raw_url: str, url: DatabaseUrl) -> None:
    """F-32."""
    command = (sys.executable, "-c", MIGRATE, raw_url)
    together = [await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE) for _ in range(2)]
    for process in together:
        _, complaint = await process.communicate()
        assert (process.returncode, complaint) == (0, b"")
    await check_schema(url)


async def test_a_migration_that_was_cut_off_is_taken_up(url: DatabaseUrl, sql: Sql) -> None:
    """MySQL commits table by table, and no crash in between leaves work for a person."""
    await migrate(url, "0001")
    sql(
        "DROP TABLE changes",
        "DELETE FROM roles WHERE name = 'admin'",
        "DELETE FROM doorward_version",
    )
    assert (await current_state(url)).revision is None
    await migrate(url)
    await check_schema(url)
    assert await run_in_database(open_migrator(url, 1), difference) == []
    assert sql("SELECT count(*) FROM roles") == [(3,)]


@pytest.mark.parametrize(
    "lost",
    [
        ["DROP TABLE sessions", "DROP TABLE services", "DROP TABLE leases"],
        ["DROP TABLE leases"],
        ["{drop_index}"],
        ["{drop_index}", "ALTER TABLE changes DROP COLUMN epoch"],
    ],
)
@MYSQL_IN_FULL
async def test_a_later_migration_that_was_cut_off_is_taken_up(url: DatabaseUrl, sql: Sql, lost: list[str]) -> None:
    """Wherever it was, and what was there before it stays."""
    ada = a_user()
    await migrate(url, "0002")
    put_in_first_revision(sql, ada)
    index = "DROP INDEX ix_changes_subject_created_at" + (" ON changes" if url.sqlite_path is None else "")
    sql(*(line.format(drop_index=index) for line in lost), "UPDATE doorward_version SET version_num = '0001'")
    await migrate(url)
    await check_schema(url)
    assert await run_in_database(open_migrator(url, 1), difference) == []
    storage = SqlStorage.open(url)
    assert await found(storage, ada.id) == ada
    await storage.close()


async def test_a_migration_that_was_cut_off_after_its_last_step_is_taken_up(url: DatabaseUrl, sql: Sql) -> None:
    """Its column was there, and only its number was not."""
    await migrate(url)
    before = max(KNOWN_REVISIONS - {HEAD})
    sql(f"UPDATE doorward_version SET version_num = '{before}'")
    await migrate(url)
    assert await current_state(url) == CURRENT
    assert await run_in_database(open_migrator(url, 1), difference) == []


async def test_what_the_first_revision_holds_is_there_in_the_last(url: DatabaseUrl, sql: Sql) -> None:
    await migrate(url, "0001")
    with pytest.raises(StartRefused, match=rf"^The database has schema 0001 and {HEAD} is needed"):
        await check_schema(url)
    sql("INSERT INTO changes (subject) VALUES ('roles')")
    await migrate(url)
    storage = SqlStorage.open(url)
    assert await announced(storage) == [Change(Subject.ROLES)]
    ada = a_user()
    await put(storage, ada, a_session(ada))
    async with storage.transaction() as tx:
        await tx.sessions.end_all(ada.id, 1)
    await storage.close()
    await migrate(url, "0001")
    assert sql("SELECT count(*) FROM users") == [(1,)]
    assert sql("SELECT count(*) FROM changes") == [(1,)]
    await migrate(url)
    await check_schema(url)


@MYSQL_IN_FULL
async def test_accounts_and_sessions_stay_when_letters_come_and_go(url: DatabaseUrl, sql: Sql) -> None:
    ada = a_user()
    mine = a_session(ada)
    await migrate(url, "0004")
    put_in_first_revision(sql, ada)
    storage = SqlStorage.open(url)
    await put(storage, mine)
    await migrate(url)
    letter = Letter.to_holder(LetterKind.PASSWORD_CHANGED, ada, "en", NOON)
    await put(storage, letter)
    assert await found(storage, ada.id) == ada
    await migrate(url, "0004")
    assert sql("SELECT username, epoch FROM users") == [("ada", 0)]
    assert await sessions_of(storage, ada) == [mine.id]
    await migrate(url)
    await check_schema(url)
    assert await found(storage, ada.id) == ada
    assert sql("SELECT count(*) FROM letters") == [(0,)]
    await storage.close()


@MYSQL_IN_FULL
async def test_accounts_stay_when_invitations_come_and_go(url: DatabaseUrl) -> None:
    ada, invitation = a_user(), an_invitation()
    await migrate(url)
    storage = SqlStorage.open(url)
    await put(storage, ada, invitation)
    await migrate(url, "0012")
    await migrate(url)
    await check_schema(url)
    assert await found(storage, ada.id) == ada
    async with storage.reading() as reading:
        assert await reading.invitations.page(None, 9) == []
    await storage.close()


@MYSQL_IN_FULL
async def test_accounts_stay_when_locales_and_profiles_come_and_go(url: DatabaseUrl, sql: Sql) -> None:
    ada = a_user()
    await migrate(url)
    storage = SqlStorage.open(url)
    await put(storage, replace(ada, locale="de"))
    async with storage.transaction() as tx:
        await tx.profiles.put(ada.id, Profile("{}"))
    await migrate(url, "0011")
    assert sql("SELECT username FROM users") == [(ada.username.value,)]
    await migrate(url)
    await check_schema(url)
    assert await found(storage, ada.id) == ada
    async with storage.reading() as reading:
        assert await reading.profiles.of_user(ada.id) is None
    await storage.close()


@pytest.mark.parametrize("lost", [["link_tokens", "letters"], ["link_tokens"]])
@MYSQL_IN_FULL
async def test_the_migration_to_letters_is_taken_up_where_it_was_cut_off(
    url: DatabaseUrl, sql: Sql, lost: list[str]
) -> None:
    await migrate(url, "0005")
    sql(*(f"DROP TABLE {name}" for name in lost), "UPDATE doorward_version SET version_num = '0004'")
    await migrate(url)
    await check_schema(url)
    assert await run_in_database(open_migrator(url, 1), difference) == []


@MYSQL_IN_FULL
async def test_accounts_stay_when_aliases_and_outside_ids_come_and_go(url: DatabaseUrl, sql: Sql) -> None:
    """Down, they lose both; and what the version before inserts has neither."""
    ada, bob = a_user(), a_user("bob")
    await migrate(url, "0007")
    put_in_first_revision(sql, ada)
    await migrate(url)
    adopted = replace(a_user("jorg"), email=None, alias=Alias.parse("J\u00f6rg M."), external_id="17")
    storage = SqlStorage.open(url)
    await put(storage, adopted)
    async with storage.transaction() as tx:
        await tx.adoptions.add_all("tutorial", ["17"])
    put_in_first_revision(sql, bob)
    assert [await found(storage, user.id) for user in (ada, adopted, bob)] == [ada, adopted, bob]
    await migrate(url, "0007")
    await migrate(url)
    await check_schema(url)
    assert await run_in_database(open_migrator(url, 1), difference) == []
    assert await found(storage, adopted.id) == replace(adopted, alias=None, external_id=None)
    await storage.close()


async def test_a_session_of_the_revision_before_rotates_its_token(url: DatabaseUrl, sql: Sql) -> None:
    """Up, down and up again with the rows that are there; and what the version before inserts meanwhile."""
    ada = a_user()
    mine = a_session(ada)
    await migrate(url)
    storage = SqlStorage.open(url)
    await put(storage, ada, mine)
    await migrate(url, "0002")
    await migrate(url)
    assert await session(storage, mine.id) == mine
    as_before = replace(mine, id=new_session_id(NOON))
    columns = "user_id, started_at, last_used_at, used_on, address, user_agent, token_hash, spent"
    sql(f"INSERT INTO sessions (id, {columns}) SELECT x'{as_before.id.hex}', {columns} FROM sessions")
    assert await session(storage, as_before.id) == as_before
    async with storage.transaction() as tx:
        assert await tx.sessions.keep_token(mine.id, mine.token_hash, SessionPolicy(), NOON)
    await migrate(url, "0002")
    await migrate(url)
    assert await session(storage, mine.id) == mine
    await storage.close()


async def test_an_empty_database_is_refused(url: DatabaseUrl) -> None:
    with pytest.raises(StartRefused, match=r"^The database .* has no tables of Doorward; run `doorward migrate`\.$"):
        await check_schema(url)


async def test_an_outdated_schema_is_refused(url: DatabaseUrl, sql: Sql) -> None:
    await migrate(url)
    sql("UPDATE doorward_version SET version_num = '0000'")
    with pytest.raises(
        StartRefused, match=rf"^The database has schema 0000 and {HEAD} is needed; run `doorward migrate`"
    ):
        await check_schema(url)


async def test_a_newer_schema_is_refused_and_not_migrated(url: DatabaseUrl, sql: Sql) -> None:
    """F-32."""
    await migrate(url)
    sql("UPDATE doorward_version SET version_num = '9999'")
    for refused in (check_schema(url), migrate(url), migrate(url, "base")):
        with pytest.raises(StartRefused, match=r"^The database has schema 9999, which a newer version created"):
            await refused
    assert sql("SELECT count(*) FROM roles") == [(3,)]


async def test_a_database_that_is_away_is_refused_without_its_password() -> None:
    url = DatabaseUrl.parse("mysql://doorward:hunter2@127.0.0.1:9/doorward")
    for refused in (check_schema(url), migrate(url)):
        with pytest.raises(StartRefused, match=r"^The database mysql://doorward:\*\*\*@127\.0\.0\.1:9/") as line:
            await refused
        assert "hunter2" not in str(line.value)
        assert "\n" not in str(line.value)


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "doorward.db"
    path.write_text("This is a letter, not a database. " * 100)
    url = DatabaseUrl.parse(f"sqlite:///{path}")
    for refused in (check_schema(url), migrate(url)):
        with pytest.raises(
            StartRefused, match=r"^The database sqlite:///.* cannot be used \(file is not a database\); check"
        ):
            await refused


def test_revisions_are_numbered_and_the_last_is_ours() -> None:
    files = sorted(path.name for path in VERSIONS.glob("[0-9]*.py"))
    numbers = [name[:4] for name in files]
    assert numbers == [f"{number:04}" for number in range(1, len(files) + 1)]
    assert numbers[-1] == HEAD
    for number, name in zip(numbers, files, strict=True):
        stated = re.search(r'^revision = "(\d{4})"$', (VERSIONS / name).read_text(), re.MULTILINE)
        assert stated is not None
        assert stated[1] == number


async def test_a_grant_written_by_hand_holds(url: DatabaseUrl, sql: Sql) -> None:
    """The statement of docs/administration.md."""
    ada = a_user()
    await migrate(url)
    storage = SqlStorage.open(url)
    await put(storage, ada)
    sql("INSERT INTO user_roles (user_id, role) SELECT id, 'admin' FROM users WHERE username_key = 'ada'")
    assert await found(storage, ada.id) == ada.granted(ADMIN)
    async with storage.reading() as reading:
        assert (await reading.users.access_of([ada.id]))[ada.id].roles == ada.granted(ADMIN).roles
    sql("DELETE FROM user_roles WHERE role = 'admin'")
    assert await found(storage, ada.id) == ada
    await storage.close()


@pytest.mark.parametrize("role", ["moderatr", "Admin", "admin "])
async def test_a_grant_of_no_role_is_refused_by_the_database(url: DatabaseUrl, sql: Sql, role: str) -> None:
    """AZ-06."""
    ada = a_user()
    await migrate(url)
    storage = SqlStorage.open(url)
    await put(storage, ada)
    with pytest.raises(Exception, match=r"(?i)foreign key constraint|no such role"):
        sql(*(["PRAGMA foreign_keys = ON"] if url.sqlite_path else []), hand_edit("ada", role))
    assert await found(storage, ada.id) == ada
    await storage.close()
