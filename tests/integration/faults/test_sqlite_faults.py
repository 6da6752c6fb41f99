"""A SQLite file on a full disk, locked by another process, or written by many workers, while people use the service."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest

from support.faults.judged import judged
from support.faults.ledger import Kind
from support.faults.workload import SETTINGS, Load
from support.programs.processes import children
from support.programs.server_process import Server, running
from support.programs.small_disk import fill, small_disk
from support.programs.sqlite_lock import locked_by_another

pytestmark = pytest.mark.full

LOCKED_SECONDS = 10.0
BUSY_SECONDS = 30.0
MAX_WAL_BYTES = 64 * 1024 * 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """The data folder of a server in `tmp_path`."""
    with small_disk(tmp_path / "data", "12m") as folder:
        yield folder


def until_reading(load: Load) -> None:
    """Return when somebody was let in, and somebody's account was read."""
    now = monotonic()

    def read() -> bool:
        done = {entry.kind for entry in load.ledger.since(now) if entry.is_acknowledged}
        return done >= {Kind.READ, Kind.READ_ACCOUNT}

    load.until(read)


def assert_whole(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []


def test_on_a_full_disk_nothing_is_written_and_everything_else_goes_on(disk: Path, tmp_path: Path) -> None:
    """F-12: with two workers, whose metrics are on that disk, too. None of them ends."""
    with running(tmp_path, workers="2", **SETTINGS) as server:
        workers = children(server.pid)
        with judged([server]) as load:
            for _ in range(2):
                fill(disk / "filler")
                refused = load.until_failing(Kind.SIGN_IN)
                assert (refused.status, refused.code) == (503, "storage_unavailable")
                until_reading(load)
                (disk / "filler").unlink()
                load.until_working()
        assert children(server.pid) >= workers
        assert not [entry for entry in load.ledger.entries if entry.broken]
        assert server.stop() == 0
        assert_whole(disk / "doorward.db")


def test_a_file_that_another_process_has_locked_is_read_and_not_written(tmp_path: Path) -> None:
    """F-13."""
    with running(tmp_path, **SETTINGS) as server:
        with judged([server]) as load, locked_by_another(server.data_dir / "doorward.db"):
            refused = load.until_failing(Kind.SIGN_IN)
            assert (refused.status, refused.code) == (503, "storage_unavailable")
            load.until_seconds(LOCKED_SECONDS)
            until_reading(load)
        assert not [entry for entry in load.ledger.entries if entry.broken]


def test_four_workers_write_one_file(tmp_path: Path) -> None:
    """F-14."""
    with running(tmp_path, workers="4", **SETTINGS) as server:
        with judged([server], clients=16) as load:
            load.until_seconds(BUSY_SECONDS)
            assert wal_bytes(server) < MAX_WAL_BYTES
        assert not [entry for entry in load.ledger.entries if entry.broken]
        assert server.logged(event="unhandled_exception") == []
        assert server.stop() == 0
        assert_whole(server.data_dir / "doorward.db")


def wal_bytes(server: Server) -> int:
    return (server.data_dir / "doorward.db-wal").stat().st_size
