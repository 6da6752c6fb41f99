"""Migrations of what accounts can be: disabled for a while, or deleted and restorable."""

from dataclasses import replace
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from doorward.domain.access.role import ADMIN, MODERATOR
from doorward.domain.accounts.suspension import WITHOUT_END, Suspension
from doorward.domain.accounts.user import User
from doorward.infrastructure.sql.engine import open_migrator, run_in_database
from doorward.infrastructure.sql.naming import VERSION_TABLE
from doorward.infrastructure.sql.schema import check_schema, migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.tables import metadata
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_user
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import found, put
from support.length import MYSQL_IN_FULL
from support.sql_by_hand import Sql


def difference(connection: Connection) -> list[Any]:
    """Return in what the migrated schema differs from the tables."""
    options = {"compare_server_default": False, "version_table": VERSION_TABLE}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


async def stored(storage: SqlStorage, user: User) -> User:
    present = await found(storage, user.id)
    assert present is not None
    return present


@MYSQL_IN_FULL
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


@MYSQL_IN_FULL
async def test_the_migration_to_suspensions_is_taken_up_where_it_was_cut_off(url: DatabaseUrl, sql: Sql) -> None:
    await migrate(url)
    sql("ALTER TABLE users DROP COLUMN disabled_reason", "UPDATE doorward_version SET version_num = '0005'")
    await migrate(url)
    await check_schema(url)
    assert await run_in_database(open_migrator(url, 1), difference) == []


@MYSQL_IN_FULL
async def test_a_deleted_account_is_disabled_for_the_version_before(url: DatabaseUrl, sql: Sql) -> None:
    """ST-08: whose holders could sign in otherwise. Roles stay, and so does what was not deleted."""
    ada, bob = replace(a_user("ada", ADMIN), deleted_at=NOON), a_user("bob", MODERATOR)
    await migrate(url)
    storage = SqlStorage.open(url)
    await put(storage, ada, bob)
    await migrate(url, "0014")
    assert sql("SELECT username, disabled FROM users ORDER BY username") == [("ada", 1), ("bob", 0)]
    await migrate(url)
    assert await stored(storage, ada) == replace(ada, deleted_at=None, suspension=WITHOUT_END)
    assert await stored(storage, bob) == bob
    await storage.close()


@pytest.mark.parametrize(("table", "lost"), [("users", "disabled_id"), ("user_roles", "role_user_id")])
@MYSQL_IN_FULL
async def test_the_migration_to_deleted_accounts_is_taken_up_where_it_was_cut_off(
    url: DatabaseUrl, sql: Sql, table: str, lost: str
) -> None:
    await migrate(url)
    sql("CREATE INDEX ix_user_roles_role ON user_roles (role)", "UPDATE doorward_version SET version_num = '0013'")
    sql(f"DROP INDEX ix_{table}_{lost}{f' ON {table}' if url.sqlite_path is None else ''}")
    await migrate(url)
    await check_schema(url)
    assert await run_in_database(open_migrator(url, 1), difference) == []
