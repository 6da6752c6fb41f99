"""Migrations of what accounts can be: disabled for a while, or deleted and restorable."""

from dataclasses import replace

from doorward.domain.accounts.suspension import WITHOUT_END, Suspension
from doorward.domain.accounts.user import User
from doorward.infrastructure.sql.schema import check_schema, migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from support.builders import a_user
from support.doubles import NOON
from support.sql_by_hand import Sql
from support.storage_access import found, put


async def stored(storage: SqlStorage, user: User) -> User:
    present = await found(storage, user.id)
    assert present is not None
    return present


async def test_an_account_stays_disabled_when_suspensions_come_and_go(url: DatabaseUrl, sql: Sql) -> None:
    """AD-02: the version before knows no end, and inserts rows without the new columns."""
    ada, eve, bob = (a_user(name, disabled=name != "bob") for name in ("ada", "eve", "bob"))
    await migrate(url)
    storage = SqlStorage.open(url)
    await put(storage, replace(ada, suspension=Suspension(reason="Sent spam.", until=NOON)), eve)
    await migrate(url, "0005")
    copied = "password_hash, epoch, version, created_at"
    sql(
        f"INSERT INTO users (id, username, username_key, email, email_key, disabled, {copied}) "
        f"SELECT x'{bob.id.hex}', 'bob', 'bob', 'bob@example.org', 'bob@example.org', 0, {copied} "
        "FROM users WHERE username = 'ada'"
    )
    await migrate(url)
    assert [(await stored(storage, each)).suspension for each in (ada, eve, bob)] == [WITHOUT_END, WITHOUT_END, None]
    await storage.close()


async def test_the_migration_to_suspensions_is_taken_up_where_it_was_cut_off(url: DatabaseUrl, sql: Sql) -> None:
    await migrate(url)
    sql("ALTER TABLE users DROP COLUMN disabled_reason", "UPDATE doorward_version SET version_num = '0005'")
    await migrate(url)
    await check_schema(url)
