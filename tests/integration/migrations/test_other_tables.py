"""Databases that hold tables of other programs: what is in the way is named, and nothing is touched."""

from pathlib import Path

import pytest

from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.contents import CURRENT
from doorward.infrastructure.sql.schema import check_schema, current_state, migrate
from doorward.infrastructure.sql.urls import DatabaseUrl
from support.programs.command_line import Doorward
from support.programs.processes import free_port
from support.sql_by_hand import Sql, sql_on
from support.tutorial_tables import NAMES, content, make_tutorial_tables

FOREIGN_USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)"
FOREIGN_VERSION = "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"


async def refusals(url: DatabaseUrl) -> set[str]:
    found = set()
    for attempt in (check_schema(url), migrate(url)):
        with pytest.raises(StartRefused) as refused:
            await attempt
        found.add(str(refused.value))
    return found


def tables(url: DatabaseUrl, sql: Sql) -> set[str]:
    listing = "SHOW TABLES" if url.sqlite_path is None else "SELECT name FROM sqlite_master"
    return {name for (name,) in sql(listing)}


async def test_the_tables_of_the_tutorial_are_recognized_and_left_alone(url: DatabaseUrl, sql: Sql) -> None:
    make_tutorial_tables(sql)
    before = content(sql, *NAMES)
    file = None if url.sqlite_path is None else url.sqlite_path.read_bytes()
    (message,) = await refusals(url)
    assert f"has tables of another program with the names of Doorward's tables: {', '.join(NAMES)}. " in message
    assert "These look like the tables of the Express tutorial. `doorward adopt tutorial` brings " in message
    assert "name another database in DOORWARD_DATABASE_URL, or set DOORWARD_TABLE_PREFIX=doorward_." in message
    assert "\n" not in message
    assert content(sql, *NAMES) == before
    assert "alembic_version" not in tables(url, sql)
    if url.sqlite_path is not None:
        assert url.sqlite_path.read_bytes() == file
        assert [path.name for path in url.sqlite_path.parent.iterdir()] == [url.sqlite_path.name]
    else:
        assert tables(url, sql) == set(NAMES)


async def test_a_table_of_another_program_is_named_and_left_alone(url: DatabaseUrl, sql: Sql) -> None:
    sql(FOREIGN_USERS, "INSERT INTO users VALUES (7, 'ada')", "CREATE TABLE orders (id INTEGER)")
    (message,) = await refusals(url)
    assert "Doorward's tables: users. Nothing was changed;" in message
    assert "tutorial" not in message
    assert sql("SELECT id, name FROM users") == [(7, "ada")]


async def test_a_view_is_in_the_way_too(url: DatabaseUrl, sql: Sql) -> None:
    sql("CREATE TABLE people (id INTEGER)", "CREATE VIEW sessions AS SELECT id FROM people")
    (message,) = await refusals(url)
    assert "Doorward's tables: sessions." in message


async def test_a_table_that_a_later_migration_would_make_is_in_the_way(url: DatabaseUrl, sql: Sql) -> None:
    await migrate(url, "0001")
    sql("CREATE TABLE leases (id INTEGER, tenant TEXT)")
    (message,) = await refusals(url)
    assert "Doorward's tables: leases." in message
    assert "sessions" not in tables(url, sql)


async def test_tables_of_other_names_are_in_nobodys_way(url: DatabaseUrl, sql: Sql) -> None:
    sql("CREATE TABLE orders (id INTEGER)", "INSERT INTO orders VALUES (1)")
    with pytest.raises(StartRefused, match=r"has no tables of Doorward; run `doorward migrate`"):
        await check_schema(url)
    await migrate(url)
    await check_schema(url)
    assert sql("SELECT id FROM orders") == [(1,)]


@pytest.mark.parametrize(
    "revisions",
    [["0002"], *(pytest.param(each, marks=pytest.mark.full) for each in ([], ["9999"], ["f8a1"], ["0001", "0002"]))],
)
async def test_the_version_table_of_another_program_is_not_taken_for_ours(
    url: DatabaseUrl, sql: Sql, revisions: list[str]
) -> None:
    sql(FOREIGN_VERSION, *(f"INSERT INTO alembic_version VALUES ('{each}')" for each in revisions))
    assert (await current_state(url)).revision is None
    await migrate(url)
    assert await current_state(url) == CURRENT
    assert sql("SELECT version_num FROM alembic_version ORDER BY version_num") == [(each,) for each in revisions]


async def test_tables_without_their_version_are_not_taken_for_a_new_database(url: DatabaseUrl, sql: Sql) -> None:
    """The version of another program is not theirs."""
    await migrate(url)
    for statements in (
        ["DROP TABLE doorward_version"],
        [FOREIGN_VERSION, "INSERT INTO alembic_version VALUES ('f8a1')"],
    ):
        sql(*statements)
        (message,) = await refusals(url)
        assert "user_roles, users), but not doorward_version" in message
    assert sql("SELECT version_num FROM alembic_version") == [("f8a1",)]
    assert "doorward_version" not in tables(url, sql)


def test_every_command_says_so_in_one_line(tmp_path: Path) -> None:
    doorward = Doorward.patient(tmp_path, port=str(free_port()))
    doorward.data_dir.mkdir(mode=0o700)
    file = doorward.data_dir / "doorward.db"
    file.touch(mode=0o600)
    sql_on_file = sql_on(f"sqlite:///{file}")
    make_tutorial_tables(sql_on_file)
    for command in (["migrate"], ["serve", "--migrate"], ["serve"], ["users", "list"]):
        refused = doorward(*command)
        assert refused.returncode == 2, refused.stderr
        assert refused.stderr.count("\n") == 1
        assert "look like the tables of the Express tutorial" in refused.stderr
    examined = doorward("doctor")
    assert examined.returncode == 1
    assert "look like the tables of the Express tutorial. `doorward adopt tutorial` brings " in examined.stdout
    assert "fix: name another database in DOORWARD_DATABASE_URL" in examined.stdout
    assert "run `doorward migrate`" not in examined.stdout
    assert sql_on_file("SELECT count(*) FROM sqlite_master WHERE type = 'table'") == [(3,)]
