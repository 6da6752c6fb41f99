"""Signing keys that are rotated while people use the service."""

import json
import signal
from collections import Counter
from pathlib import Path
from subprocess import DEVNULL

import pytest

from support.faults.judged import judged
from support.faults.workload import SETTINGS, Load
from support.http.databases import settings_for
from support.jwt.material import read_header
from support.programs.server_process import Server, running

pytestmark = pytest.mark.full

ROTATIONS = 3
KILLED = 4
PUBLISHED_SECONDS = 6
"""From the publication of a key until it signs: enough for each worker of a busy machine to hear of it."""


def states(server: Server) -> Counter[str]:
    listed = json.loads(server.run("keys", "list", "--json").stdout)["keys"]
    return Counter(key["state"] for key in listed)


def kids(load: Load, since: int) -> set[str]:
    tokens = [entry.next_access_token for entry in load.ledger.entries[since:] if entry.next_access_token]
    return {read_header(token)["kid"] for token in tokens}


@pytest.mark.parametrize("database", ["sqlite", "mysql"])
def test_rotated_again_and_again_no_token_is_refused(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """F-20: with two workers. Commands that rotate are killed, too, and leave one key that signs."""
    settings = {**settings_for(database, request), **SETTINGS, "workers": "2"}
    with running(tmp_path, **settings) as server:
        with judged([server]) as load:
            for _ in range(ROTATIONS):
                seen, before = kids(load, 0), len(load.ledger.entries)
                made = server.run("keys", "rotate", "--in", str(PUBLISHED_SECONDS), "--json")
                assert made.returncode == 0, made.stderr
                load.until(lambda before=before, seen=seen: kids(load, before) - seen)  # type: ignore[misc]
            for number in range(KILLED):
                rotating = server.doorward.start("keys", "rotate", "--in", "3600", stdin=DEVNULL)
                load.until_requests(10 * number)
                rotating.send_signal(signal.SIGKILL)
                rotating.communicate()
            load.until_requests(100)
            assert states(server)["active"] == 1
        assert not [entry for entry in load.ledger.entries if entry.broken]
