"""Two nodes on a MySQL group of three, whose primary is killed, changed or cut off while people use the service."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import monotonic

import pytest

from support.faults.group_writes import WRITES, applied, failures, longest_pause, until_written
from support.faults.judged import judged
from support.faults.ledger import Kind
from support.faults.workload import SETTINGS
from support.mysql.group import Group
from support.programs.server_process import Server, running

pytestmark = pytest.mark.full

logger = logging.getLogger(__name__)

MINORITY_SECONDS = 8.0
"""Longer than a member waits for its majority before it leaves the group."""

GENEROUS_SECONDS = 60.0
"""What is promised is 10 seconds after a crash and 2 for a switchover, on a machine that is not busy. The log of the
tests has what was measured: pytest -o log_cli=true --log-cli-level=WARNING."""

SECRET = "one secret of every node of this test, 2b7e151628aed2a6"


@pytest.fixture
def nodes(mysql_group: Group, tmp_path: Path) -> Iterator[list[Server]]:
    """Two nodes that name all members of the group."""
    url = mysql_group.url(mysql_group.fresh_database())
    settings = {**SETTINGS, "database_url": url, "secret_key": SECRET, "issuer": "http://127.0.0.1"}
    with ExitStack() as stack:
        yield [stack.enter_context(running(tmp_path / name, **settings)) for name in ("one", "two")]


def test_writes_are_acknowledged_again_after_the_primary_was_killed_and_after_it_was_changed(
    mysql_group: Group, nodes: list[Server]
) -> None:
    """F-06: no acknowledged write is lost, no spent token is accepted, and clients get nothing worse than 503."""
    first = mysql_group.primary
    with judged(nodes, idle=partial(applied, mysql_group)) as load:
        killed = monotonic()
        first.kill()
        again = until_written(load, killed)
        logger.warning("Writes were acknowledged %.1f s after a crash.", again)
        load.until_working()
        mysql_group.rejoin(first)
        changed = monotonic()
        mysql_group.switch(first)
        load.until_working()
        pause = longest_pause(load, changed)
        logger.warning("Writes paused for %.1f s in a switchover.", pause)
    assert again < GENEROUS_SECONDS
    assert pause < GENEROUS_SECONDS
    assert failures(load) <= {503}


def test_a_primary_without_a_majority_takes_no_writes_and_the_nodes_recover_with_it(
    mysql_group: Group, nodes: list[Server]
) -> None:
    """F-07: the others are frozen, so that the nodes are on the side of the minority."""
    with judged(nodes, idle=partial(applied, mysql_group)) as load:
        for other in mysql_group.secondaries:
            other.pause()
        assert load.until_failing(Kind.SIGN_UP).status == 503
        frozen = monotonic()
        load.until_seconds(MINORITY_SECONDS)
        assert not [entry for entry in load.ledger.since(frozen) if entry.is_acknowledged and entry.kind in WRITES]
        mysql_group.restore()
        load.until_working()
    assert failures(load) <= {503}
