"""A backup contains every row and every value of every table, for whichever database it is restored into."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.infrastructure.sql.backup.backups import OLDEST_SCHEMA
from doorward.infrastructure.sql.backup.tables import LEFT_OUT, backed_up, kind_of
from doorward.infrastructure.sql.contents import CURRENT, HEAD
from doorward.infrastructure.sql.schema import current_state
from doorward.infrastructure.sql.tables import metadata
from integration.backups.conftest import FreshDatabase
from support.backups import backup_of, of_earlier_schema, restored_into
from support.every_table import ROWS, contents, fill

LONG = pytest.mark.full


def test_every_table_is_in_a_backup_or_left_out_for_a_reason() -> None:
    """F-40. A new table is a decision: LEFT_OUT has those that describe the nodes of one database."""
    assert {table.name for table in metadata.sorted_tables} - LEFT_OUT == set(BACKED_UP)


BACKED_UP = (
    "adopted_accounts",
    "audit_entries",
    "audit_streams",
    "changes",
    "invitations",
    "known_agents",
    "letters",
    "link_tokens",
    "profiles",
    "roles",
    "services",
    "sessions",
    "sign_in_attempts",
    "sign_in_codes",
    "signing_keys",
    "undo_links",
    "user_roles",
    "users",
)
"""The tables of a backup. `voided.py` says what of a new one is void when sessions end."""


def test_every_column_has_a_kind() -> None:
    assert all(kind_of(column) for table in backed_up() for column in table.columns)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("sqlite", "mysql"),
        ("mysql", "sqlite"),
        pytest.param("sqlite", "sqlite", marks=LONG),
        pytest.param("mysql", "mysql", marks=LONG),
    ],
)
def test_a_kept_backup_has_the_same_rows_in_the_other_database(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch, source: str, target: str
) -> None:
    """F-40. A table is read in pages. The restore itself is one more entry in the audit log."""
    monkeypatch.setattr("doorward.infrastructure.sql.backup.write.ROWS_AT_ONCE", ROWS - 1)
    here, there = fresh_database(source), fresh_database(target)
    fill(here)
    before = contents(here)
    assert all(len(rows) == ROWS for rows in before.values())
    restored_into(there, backup_of(here))
    after = contents(there)
    for name in before.keys() - {"audit_entries", "audit_streams"}:
        assert after[name] == before[name], name
    for name in ("audit_entries", "audit_streams"):
        assert set(before[name]) < set(after[name])
        assert len(after[name]) == ROWS + 1


def test_the_prefix_of_the_tables_is_that_of_the_installation(fresh_database: FreshDatabase) -> None:
    """F-40: a backup does not contain it."""
    here = fresh_database("sqlite")
    there = replace(fresh_database("sqlite", tables=False), table_prefix="other_")
    fill(here)
    restored_into(there, backup_of(here))
    assert contents(there)["users"] == contents(here)["users"]


@pytest.mark.parametrize("present", ["tables of now", pytest.param("no tables", marks=LONG)])
@pytest.mark.parametrize("target", ["sqlite", pytest.param("mysql", marks=LONG)])
def test_a_backup_of_an_earlier_schema_is_restored_and_then_migrated(
    fresh_database: FreshDatabase, tmp_path: Path, target: str, present: str
) -> None:
    """F-40: the tables are made as they were, filled, and migrated."""
    here, there = fresh_database("sqlite"), fresh_database(target, tables=present == "tables of now")
    fill(here)
    done = restored_into(there, of_earlier_schema(backup_of(here), OLDEST_SCHEMA, tmp_path))
    assert done.migrated == (OLDEST_SCHEMA, HEAD)
    assert asyncio.run(current_state(there)) == CURRENT
    assert contents(there)["sessions"] == contents(here)["sessions"]
    before, after = (contents(each)["users"] for each in (here, there))
    assert [row[:10] for row in after] == [row[:10] for row in before]
