"""Workers that are killed while people use the service."""

import os
import signal
from pathlib import Path

import pytest

from support.faults.judged import judged
from support.faults.workload import SETTINGS
from support.http.databases import settings_for
from support.length import FULL
from support.programs.processes import children, eventually
from support.programs.server_process import running

KILLS = 3 if FULL else 1
CLIENTS = 8
GIVES_UP_SECONDS = 6.0
"""granian ends the service when a worker ends twice within 5.5 seconds, so a kill is followed by so many seconds."""


@pytest.mark.parametrize("database", ["sqlite", pytest.param("mysql", marks=pytest.mark.full)])
def test_a_worker_that_is_killed_breaks_its_own_requests_alone(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """F-02."""
    settings = {**settings_for(database, request), **SETTINGS, "workers": "2"}
    with running(tmp_path, **settings) as server:
        eventually(lambda: len(children(server.pid)) == 2)
        with judged([server], clients=CLIENTS) as load:
            for number in range(KILLS):
                if number:
                    load.until_seconds(GIVES_UP_SECONDS)
                    load.until_working()
                workers = children(server.pid)
                os.kill(min(workers), signal.SIGKILL)
                eventually(lambda workers=workers: len(children(server.pid) - workers) == 1)  # type: ignore[misc]
        broken = [entry for entry in load.ledger.entries if entry.broken]
        assert len(broken) <= KILLS * 2 * CLIENTS, "a client has at most two requests at a time"
        assert server.process.poll() is None
