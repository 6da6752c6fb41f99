"""Two nodes on a MySQL group of three, whose primary is killed, changed, frozen or cut off while people use the service."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.faults.judged import judged
from support.faults.ledger import Kind
from support.faults.workload import SETTINGS, Load
from support.mysql.group import Group
from support.programs.server_process import Server, running

pytestmark = pytest.mark.full

WRITES = frozenset({Kind.REFRESH, Kind.SIGN_IN, Kind.SIGN_UP, Kind.SIGN_OUT, Kind.GRANT, Kind.REVOKE})
SECRET = "one secret of every node of this test, 2b7e151628aed2a6"


@pytest.fixture
def nodes(mysql_group: Group, tmp_path: Path) -> Iterator[list[Server]]:
    """Two nodes that name all members of the group."""
    url = mysql_group.url(mysql_group.fresh_database())
    settings = {**SETTINGS, "database_url": url, "secret_key": SECRET, "issuer": "http://127.0.0.1"}
    with ExitStack() as stack:
        yield [stack.enter_context(running(tmp_path / name, **settings)) for name in ("one", "two")]


def until_written(load: Load, since: float) -> float:
    """Return after how many seconds a write was acknowledged that was begun at that moment or later."""

    def written() -> list[float]:
        entries = load.ledger.since(since)
        return [entry.ended for entry in entries if entry.is_acknowledged and entry.kind in WRITES]

    load.until(written)
    return min(written()) - since


def longest_pause(load: Load, since: float) -> float:
    """Return the longest time without an acknowledged write, in seconds, of the time since then."""
    ends = sorted(entry.ended for entry in load.ledger.of(*WRITES) if entry.is_acknowledged and entry.ended >= since)
    return max(later - earlier for earlier, later in zip([since, *ends], ends, strict=False))
