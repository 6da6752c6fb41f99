"""Databases of the last version whose revision was in `alembic_version`. The files beside hold what it made."""

from pathlib import Path

import pytest

from doorward.domain.access.role import ADMIN
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.contents import HEAD
from doorward.infrastructure.sql.schema import check_schema, migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_user
from doorward.testing.storage_access import found
from support.sql_by_hand import Sql, put_in_first_revision

FOLDER = Path(__file__).parent / "former_version"
ROLES = "INSERT INTO roles (name, description) VALUES ('user', ''), ('moderator', ''), ('admin', '')"


@pytest.fixture
def former(url: DatabaseUrl, sql: Sql) -> Sql:
    """Runs statements by hand on a database of the former version, at its last revision."""
    text = (FOLDER / f"{'mysql' if url.sqlite_path is None else 'sqlite'}.sql").read_text("utf-8")
    sql(*(statement for statement in text.split(";\n") if statement.strip()), ROLES)
    sql("INSERT INTO alembic_version VALUES ('0002')")
    return sql


async def test_the_version_moves_to_a_table_of_its_own_and_all_else_stays(url: DatabaseUrl, former: Sql) -> None:
    ada = a_user("ada", ADMIN)
    put_in_first_revision(former, ada)
    with pytest.raises(StartRefused, match=rf"schema 0002 and {HEAD} is needed; run `doorward migrate`"):
        await check_schema(url)
    await migrate(url)
    await check_schema(url)
    assert former("SELECT version_num FROM doorward_version") == [(HEAD,)]
    with pytest.raises(Exception, match=r"alembic_version"):
        former("SELECT version_num FROM alembic_version")
    storage = SqlStorage.open(url)
    assert await found(storage, ada.id) == ada
    await storage.close()
    await migrate(url)
    await check_schema(url)
    former("ALTER TABLE doorward_version RENAME TO alembic_version")
    with pytest.raises(StartRefused, match=r"in alembic_version, where an earlier version wrote it; run "):
        await check_schema(url)
    await migrate(url)
    await check_schema(url)


async def test_a_migration_that_the_former_version_did_not_end_is_taken_up(url: DatabaseUrl, former: Sql) -> None:
    former("DROP TABLE sessions", "DROP TABLE leases", "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(StartRefused, match=rf"schema 0001 and {HEAD} is needed; run `doorward migrate`"):
        await check_schema(url)
    await migrate(url)
    await check_schema(url)


async def test_a_first_migration_that_the_former_version_did_not_end_is_taken_up(url: DatabaseUrl, former: Sql) -> None:
    former(*(f"DROP TABLE {name}" for name in ("sessions", "services", "leases", "changes", "signing_keys")))
    former("DELETE FROM alembic_version")
    await migrate(url)
    await check_schema(url)


async def test_what_the_former_version_leaves_afterwards_changes_nothing(url: DatabaseUrl, former: Sql) -> None:
    """It takes the database for an empty one. Its migration fails at the first table that has more columns by now."""
    await migrate(url)
    former("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
    await migrate(url)
    await check_schema(url)
