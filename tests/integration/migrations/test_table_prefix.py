"""Doorward beside other programs and other Doorwards in one database, by DOORWARD_TABLE_PREFIX."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.domain.access.role import ADMIN
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.contents import COLUMNS_BY_TABLE, CURRENT, HEAD
from doorward.infrastructure.sql.naming import VERSION_TABLE
from doorward.infrastructure.sql.schema import check_schema, current_state, migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import PASSWORD, a_session, a_user
from doorward.testing.storage_access import announced, found, put, sessions_of
from support.programs.command_line import Doorward
from support.sql_by_hand import Sql, sql_on
from support.tutorial_tables import NAMES, content, make_tutorial_tables

OWN = (VERSION_TABLE, *sorted(COLUMNS_BY_TABLE))
LONGEST = "a_prefix_of_24_letters__"


def definitions(url: DatabaseUrl, sql: Sql, prefix: str) -> list[str]:
    """Return what makes each table, its indexes and its triggers, with the prefix taken out."""
    if url.sqlite_path is None:
        made = [str(sql(f"SHOW CREATE TABLE `{prefix}{name}`")[0][1]) for name in OWN]
    else:
        rows = sql("SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'")
        made = [text for table, text in rows if table in {f"{prefix}{name}" for name in OWN}]
    return sorted(re.sub(r'["`]', "", text).replace(prefix, "") for text in made)


async def test_the_schema_with_a_prefix_is_the_schema_by_other_names(url: DatabaseUrl, sql: Sql) -> None:
    prefixed = replace(url, table_prefix=LONGEST)
    await migrate(url)
    with pytest.raises(StartRefused, match=rf"has no tables of Doorward that begin with {LONGEST}; run `doorward migr"):
        await check_schema(prefixed)
    await migrate(prefixed)
    await check_schema(prefixed)
    plain = definitions(url, sql, "")
    assert len(plain) >= len(OWN)
    assert definitions(url, sql, LONGEST) == plain
    await migrate(prefixed, "0001")
    await migrate(prefixed, "base")
    assert (await current_state(prefixed)).revision is None
    assert definitions(url, sql, "") == plain
    assert await current_state(url) == CURRENT


async def test_the_tables_of_the_tutorial_beside_stay_as_they_are(url: DatabaseUrl, sql: Sql) -> None:
    make_tutorial_tables(sql)
    before = content(sql, *NAMES)
    prefixed = replace(url, table_prefix="doorward_")
    await migrate(prefixed)
    storage, ada = SqlStorage.open(prefixed), a_user("ada", ADMIN)
    await put(storage, ada, a_session(ada))
    async with storage.transaction() as tx:
        assert len(await tx.user_pages.by_username("", None, 10)) == 1
        await tx.sessions.end_all(ada.id, 1)
        assert await tx.users.delete(ada.id)
    assert await announced(storage)
    await storage.close()
    assert content(sql, *NAMES) == before


async def test_two_prefixes_do_not_see_each_other(url: DatabaseUrl) -> None:
    here, there = (replace(url, table_prefix=prefix) for prefix in ("a_", "b_"))
    await migrate(here)
    await migrate(there)
    ours, theirs, ada, bob = SqlStorage.open(here), SqlStorage.open(there), a_user("ada"), a_user("bob", ADMIN)
    await put(ours, ada, a_session(ada))
    await put(theirs, bob)
    assert await found(ours, ada.id) == ada
    assert await found(ours, bob.id) is None
    assert await found(theirs, ada.id) is None
    assert len(await sessions_of(ours, ada)) == 1
    assert await sessions_of(theirs, ada) == []
    for storage in (ours, theirs):
        await storage.close()


async def test_a_prefix_that_makes_a_name_of_another_doorward_is_refused(url: DatabaseUrl) -> None:
    await migrate(url)
    with pytest.raises(StartRefused, match=r"Doorward's tables: user_roles\..*set another DOORWARD_TABLE_PREFIX\.$"):
        await migrate(replace(url, table_prefix="user_"))


async def test_the_version_of_a_former_doorward_is_not_that_of_a_prefix(url: DatabaseUrl, sql: Sql) -> None:
    await migrate(url)
    sql("ALTER TABLE doorward_version RENAME TO alembic_version")
    prefixed = replace(url, table_prefix="b_")
    assert (await current_state(prefixed)).revision is None
    await migrate(prefixed)
    assert sql("SELECT version_num FROM alembic_version") == sql("SELECT version_num FROM b_doorward_version")


def test_commands_of_two_doorwards_beside_the_tutorial_in_one_schema(tmp_path: Path, mysql_url: str) -> None:
    """ST-07: doctor does not examine the columns of other programs, either."""
    server, own = Doorward.patient(tmp_path, database_url=mysql_url), {}
    latin = "ALTER TABLE users MODIFY username VARCHAR(255) CHARACTER SET latin1"
    sql = sql_on(mysql_url)
    make_tutorial_tables(sql)
    sql(latin)
    for prefix, name in (("a_", "ada"), ("b_", "bob")):
        own[name] = server.having(DOORWARD_TABLE_PREFIX=prefix)
        assert own[name]("migrate").returncode == 0
        added = own[name]("users", "create", name, "--email", f"{name}@example.org", stdin=PASSWORD)
        assert added.returncode == 0, added.stderr
    for name, doorward in own.items():
        users = json.loads(doorward("users", "list", "--json").stdout)["users"]
        assert [user["username"] for user in users] == [name]
        examined = doorward("doctor")
        assert examined.returncode == 0, examined.stdout
        assert f"revision {HEAD}, in tables that begin with {name[0]}_" in examined.stdout
    assert sql("SELECT username FROM users") == [("ada",)]
