"""The migration to verified addresses, with accounts that are there already."""

from dataclasses import replace

from doorward.infrastructure.sql.schema import check_schema, migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from support.builders import a_user
from support.doubles import NOON
from support.sql_by_hand import Sql, insert_account
from support.storage_access import found, put


async def test_no_address_is_verified_because_of_a_migration(url: DatabaseUrl, sql: Sql) -> None:
    """VF-01: nor by a version before it, which adds accounts while nodes are replaced. Up, down and up again."""
    ada, bob, eve = a_user("ada"), a_user("bob"), a_user("eve").verified(NOON)
    await migrate(url, "0006")
    insert_account(sql, ada)
    await migrate(url)
    insert_account(sql, bob)
    storage = SqlStorage.open(url)
    await put(storage, eve)
    assert [await found(storage, user.id) for user in (ada, bob, eve)] == [ada, bob, eve]
    await migrate(url, "0006")
    await migrate(url)
    await check_schema(url)
    assert await found(storage, eve.id) == replace(eve, email_verified_at=None)
    await storage.close()
