"""The migration to known user agents and details of letters, with accounts and letters that are there already."""

import pytest

from doorward.domain.letters.letter import Letter, LetterKind
from doorward.infrastructure.sql.schema import check_schema, migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_user
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import found, put
from support.length import MYSQL_IN_FULL
from support.sql_by_hand import Sql

BEFORE = "0008"


@MYSQL_IN_FULL
async def test_accounts_and_letters_stay_when_what_is_remembered_comes_and_goes(url: DatabaseUrl, sql: Sql) -> None:
    ada = a_user()
    before = Letter.to_holder(LetterKind.PASSWORD_CHANGED, ada, "en", NOON)
    told = Letter.to_holder(LetterKind.NEW_DEVICE, ada, "en", NOON, {"agent": "curl", "address": "192.0.2.7"})
    await migrate(url)
    storage = SqlStorage.open(url)
    await put(storage, ada, before, told)
    async with storage.transaction() as tx:
        await tx.known_agents.remember(ada.id, ["curl"])
    await migrate(url, BEFORE)
    assert sql("SELECT count(*) FROM letters") == [(2,)]
    await migrate(url)
    await check_schema(url)
    assert await found(storage, ada.id) == ada
    async with storage.transaction() as tx:
        assert await tx.letters.get(before.id) == before
        assert await tx.known_agents.of_user(ada.id) == []
    await storage.close()


@pytest.mark.parametrize("lost", ["ALTER TABLE letters DROP COLUMN details", "DROP TABLE known_agents"])
@MYSQL_IN_FULL
async def test_the_migration_is_taken_up_where_it_was_cut_off(url: DatabaseUrl, sql: Sql, lost: str) -> None:
    await migrate(url)
    sql(lost, f"UPDATE doorward_version SET version_num = '{BEFORE}'")
    await migrate(url)
    await check_schema(url)
    storage = SqlStorage.open(url)
    ada = a_user()
    await put(storage, ada, Letter.to_holder(LetterKind.NEW_DEVICE, ada, "en", NOON, {"agent": "curl", "address": ""}))
    async with storage.transaction() as tx:
        await tx.known_agents.remember(ada.id, ["curl"])
    await storage.close()
