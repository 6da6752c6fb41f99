"""A file that somebody made, whose end is right, is refused in one line wherever its content is none of a database."""

import json
from collections.abc import Callable
from gzip import compress, decompress
from hashlib import sha256
from typing import Any

import pytest

from doorward.domain.errors import BackupUnreadable
from integration.backups.conftest import FreshDatabase
from integration.backups.test_refusals import piped_into
from support.backups import backup_of, restored_into
from support.every_table import contents, fill

LATEST = 2**63 - 1


class Forged:
    """The content of a backup, to be changed, with the end that belongs to it."""

    def __init__(self, backup: bytes) -> None:
        heading, *rows, _ = decompress(backup).splitlines()
        self.heading = json.loads(heading)
        self.rows = [json.loads(row) for row in rows]

    @property
    def file(self) -> bytes:
        lines = b"".join(json.dumps(line).encode() + b"\n" for line in (self.heading, *self.rows))
        end = {"rows": len(self.rows), "sha256": sha256(lines).hexdigest()}
        return compress(lines + json.dumps(end).encode() + b"\n")

    def table(self, name: str) -> Any:
        return next(table for table in self.heading["tables"] if table["name"] == name)

    def rows_of(self, name: str) -> list[list[Any]]:
        tables = self.heading["tables"]
        first = sum(table["rows"] for table in tables[: tables.index(self.table(name))])
        return self.rows[first : first + self.table(name)["rows"]]

    def place(self, name: str, column: str) -> int:
        return [each["name"] for each in self.table(name)["columns"]].index(column)

    def put(self, name: str, column: str, value: object) -> None:
        for row in self.rows_of(name):
            row[self.place(name, column)] = value

    def put_as(self, name: str, column: str, value: object, kind: str) -> None:
        self.put(name, column, value)
        self.table(name)["columns"][self.place(name, column)]["kind"] = kind

    def drop(self, name: str, column: str) -> None:
        place = self.place(name, column)
        for row in self.rows_of(name):
            del row[place]
        del self.table(name)["columns"][place]

    def repeat(self, name: str) -> None:
        for row in self.rows_of(name):
            row.append(row[0])
        self.table(name)["columns"].append(self.table(name)["columns"][0])

    def repeat_table(self, name: str) -> None:
        self.heading["tables"].append({**self.table(name), "rows": 0})

    def leave_out_all(self) -> None:
        self.heading["tables"], self.rows = [], []


FORGERIES: dict[str, Callable[[Forged], None]] = {
    "an epoch that is a text": lambda file: file.put_as("users", "epoch", "seven", "text"),
    "an epoch that is missing": lambda file: file.drop("users", "epoch"),
    "an epoch that is null": lambda file: file.put("users", "epoch", None),
    "a number that no database stores": lambda file: file.put("users", "epoch", LATEST + 1),
    "a time of no zone": lambda file: file.put("users", "created_at", "2026-11-30T12:00:00"),
    "a time before all others": lambda file: file.put("users", "created_at", "0001-01-01T00:00:00+14:00"),
    "a hash that is a text": lambda file: file.put_as("services", "secret_hash", "no hash", "text"),
    "a key that is a text": lambda file: file.put_as("signing_keys", "sealed", "no key", "text"),
    "a column twice": lambda file: file.repeat("users"),
    "a table twice": lambda file: file.repeat_table("users"),
    "no tables": Forged.leave_out_all,
    "a moment of no zone": lambda file: file.heading.update(at="2026-11-30T12:00:00"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_file_that_somebody_made_is_refused_and_leaves_the_database_as_it_was(
    fresh_database: FreshDatabase, forge: Callable[[Forged], None]
) -> None:
    """F-40, ST-11."""
    here, there = fresh_database("sqlite"), fresh_database("sqlite")
    fill(here)
    forged = Forged(backup_of(here))
    restored_into(there, forged.file)
    before = contents(there)
    forge(forged)
    for end_sessions in (True, False):
        with pytest.raises(BackupUnreadable):
            restored_into(there, forged.file, end_sessions=end_sessions, replace=True)
    assert contents(there) == before


@pytest.mark.full
def test_an_account_without_a_later_epoch_is_refused(fresh_database: FreshDatabase) -> None:
    """F-40, ST-11."""
    here, there = fresh_database("sqlite"), fresh_database("sqlite")
    fill(here)
    forged = Forged(backup_of(here))
    forged.put("users", "epoch", LATEST)
    with pytest.raises(BackupUnreadable):
        restored_into(there, forged.file, end_sessions=True)


@pytest.mark.full
@pytest.mark.usefixtures("mysql_server")
@pytest.mark.parametrize("forge", [*FORGERIES.values(), lambda file: file.put("users", "username", "a" * 5_000)])
def test_mysql_refuses_it_as_well(fresh_database: FreshDatabase, forge: Callable[[Forged], None]) -> None:
    """F-40, ST-11: also a name that is longer than its column."""
    here = fresh_database("sqlite")
    fill(here)
    forged = Forged(backup_of(here))
    forge(forged)
    with pytest.raises(BackupUnreadable):
        piped_into(fresh_database("mysql"), forged.file)
