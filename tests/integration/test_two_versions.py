"""Two versions of Doorward on one database, as while nodes are replaced one by one."""

import sqlite3
from contextlib import closing
from pathlib import Path

from doorward.domain.change_feed.change import Subject
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl


async def test_what_a_newer_version_speaks_of_in_the_feed_makes_an_older_one_forget_rather_than_fail(
    tmp_path: Path,
) -> None:
    path = tmp_path / "doorward.db"
    url = DatabaseUrl.parse(f"sqlite:///{path}")
    await migrate(url)
    with closing(sqlite3.connect(path)) as newer, newer:
        newer.execute("INSERT INTO changes (subject) VALUES ('weather')")
    storage = SqlStorage.open(url)
    async with storage.reading() as reading:
        (row,) = await reading.changes.latest(1)
    await storage.close()
    assert row.change.subject is Subject.ROLES
