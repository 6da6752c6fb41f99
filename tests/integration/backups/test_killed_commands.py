"""Commands that are killed in the middle, as by the kernel."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.schema import check_schema
from doorward.infrastructure.sql.urls import DatabaseUrl
from integration.backups.conftest import FreshUrl
from support.backups import backup_of
from support.every_table import contents, fill
from support.programs.command_line import Doorward
from support.programs.processes import PATIENCE, eventually

ROWS = 2000
"""So many that the tables of the audit log have been stored when the program waits for more input."""

pytestmark = pytest.mark.full


@contextmanager
def killed(process: Popen[Any]) -> Iterator[Popen[Any]]:
    """Kill the process at the end of the block, and close what it was connected to."""
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.mark.parametrize("kind", ["sqlite", "mysql"])
def test_a_restore_that_is_killed_leaves_nothing_that_serves_and_is_begun_anew(
    tmp_path: Path, fresh_url: FreshUrl, kind: str
) -> None:
    """F-40: it has stored the accounts, and waits for the rest of its input."""
    here, raw = DatabaseUrl.parse(fresh_url("sqlite")), fresh_url(kind)
    there = DatabaseUrl.parse(raw)
    fill(here, ROWS)
    before, backup = contents(there), backup_of(here)
    source, errors = tmp_path / "doorward.backup", tmp_path / "errors"
    source.write_bytes(backup)
    doorward, (read_end, write_end) = Doorward.in_folder(tmp_path, database_url=raw), os.pipe()
    with (
        errors.open("wb") as output,
        open(read_end, "rb") as pipe,  # noqa: PTH123
        open(write_end, "wb") as rest,  # noqa: PTH123
        killed(doorward.start("restore", "-", stdin=pipe.fileno(), stderr=output)) as process,
    ):
        rest.write(backup[:-1])
        rest.flush()
        eventually(lambda: "Restored audit_streams" in errors.read_text() or process.poll() is not None)
        assert process.poll() is None, errors.read_text()
    if kind == "sqlite":
        asyncio.run(check_schema(there))
        assert contents(there) == before
    else:
        with pytest.raises(StartRefused, match="run `doorward restore FILE` to its end"):
            asyncio.run(check_schema(there))
    done = doorward("restore", str(source))
    assert done.returncode == 0, done.stderr
    asyncio.run(check_schema(there))
    assert len(contents(there)["users"]) == len(contents(here)["users"])


def test_a_backup_that_is_killed_leaves_no_file_of_its_name(tmp_path: Path, fresh_url: FreshUrl) -> None:
    """F-40: it has written a part, which has another name."""
    raw, file = fresh_url("sqlite"), tmp_path / "doorward.backup"
    fill(DatabaseUrl.parse(raw))
    doorward = Doorward.in_folder(tmp_path, database_url=raw)
    with killed(doorward.start("backup", str(file))):
        eventually(lambda: file.exists() or list(tmp_path.glob(".doorward.backup.*.part")))
    if file.exists():  # it was faster than the signal, and is whole
        file.rename(tmp_path / "whole")
    assert doorward("backup", str(file)).returncode == 0
