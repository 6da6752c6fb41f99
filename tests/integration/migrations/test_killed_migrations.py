"""A migration that is killed, and taken up by two processes at once."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.contents import KNOWN_REVISIONS
from doorward.infrastructure.sql.engine import open_migrator, run_in_database
from doorward.infrastructure.sql.naming import VERSION_TABLE
from doorward.infrastructure.sql.schema import check_schema, migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.tables import metadata
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_session, a_user
from doorward.testing.storage_access import found, put, session
from support.programs import killed_migrations
from support.readme import PROJECT

BEFORE = sorted(KNOWN_REVISIONS)[-3]
"""The revision that each migration begins with. Two follow."""

Kill = Callable[[int], int]


@pytest.fixture
def killed_before(raw_url: str) -> Iterator[Kill]:
    """Migrates in a process that is killed before the change with that number. The signal, or 0 if it ended well."""
    command = [sys.executable, "-m", killed_migrations.__name__, raw_url]
    with subprocess.Popen(
        command, cwd=PROJECT / "tests", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def kill(change: int) -> int:
            stdin.write(f"{change}\n")
            stdin.flush()
            return int(stdout.readline())

        yield kill
        stdin.close()


def difference(connection: Connection) -> list[object]:
    options = {"compare_server_default": False, "version_table": VERSION_TABLE}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


@pytest.mark.full
async def test_a_migration_that_is_killed_before_any_change_is_completed_by_two_processes_at_once(
    url: DatabaseUrl, killed_before: Kill
) -> None:
    """F-32: what was there before stays."""
    ada = a_user()
    mine = a_session(ada)
    await migrate(url)
    storage = SqlStorage.open(url)
    await put(storage, ada, mine)
    for change in count():
        await migrate(url, BEFORE)
        ended_by = killed_before(change)
        if ended_by == 0:
            break
        assert ended_by == signal.SIGKILL
        with pytest.raises(StartRefused, match="run `doorward migrate`"):
            await check_schema(url)
        await asyncio.gather(migrate(url), migrate(url))
        await check_schema(url)
        assert await run_in_database(open_migrator(url, 1), difference) == []
        assert await found(storage, ada.id) == ada
        assert await session(storage, mine.id) == mine
    await storage.close()
    assert change > 3
