"""Nodes that stop, start and are replaced behind a real HAProxy while people use the service."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.faults.judged import judged
from support.faults.workload import SETTINGS, Load
from support.programs.former_version import former_version, of_version
from support.programs.haproxy import behind_haproxy
from support.programs.server_process import Server, server_in, serving

pytestmark = pytest.mark.full

DRAIN_SECONDS = "5"
"""Far above the time in which HAProxy notices, which is below two seconds."""

SECRET = "one secret of every node of this test, 603deb1015ca71be"

StartNode = Callable[..., Server]


@pytest.fixture
def start_node(mysql_url: str, tmp_path: Path) -> Iterator[StartNode]:
    """Starts a node with this name and these further settings. All nodes share one database, which the first one
    migrates. A node of the former version gets the folder of that version."""
    settings = {**SETTINGS, "trusted_proxies": "127.0.0.1", "database_url": mysql_url, "secret_key": SECRET}
    settings["issuer"] = "http://127.0.0.1"
    with ExitStack() as stack:

        def start(name: str, version: Path | None = None, **more: str) -> Server:
            node = server_in(tmp_path / name, **{**settings, **more})
            if version is not None:
                node.doorward = of_version(node.doorward, version)
            return stack.enter_context(serving(node))

        yield start


def failures(load: Load) -> list[str]:
    """What clients would call an outage. Processes of their own hash at full cost, which may be too much on two busy
    processors; that is not about nodes that stop."""
    return [str(entry) for entry in load.ledger.entries if entry.failed and entry.code != "hashing_busy"]


def test_no_request_fails_while_one_node_after_the_other_stops_and_starts(
    start_node: StartNode, tmp_path: Path
) -> None:
    """F-30: HAProxy follows the readiness of the nodes."""
    nodes = [
        start_node("one", drain_seconds=DRAIN_SECONDS, workers="2"),
        start_node("two", drain_seconds=DRAIN_SECONDS),
    ]
    with behind_haproxy(nodes, tmp_path) as haproxy, judged(nodes, urls=[haproxy.url]) as load:
        for number, node in enumerate(nodes):
            assert node.stop() == 0
            load.until_working()
            node.start("serve")
            haproxy.wait_for(number)
            load.until_working()
    assert failures(load) == []


def test_no_request_fails_while_the_nodes_of_the_former_version_are_replaced(
    start_node: StartNode, tmp_path: Path
) -> None:
    """F-31: the former version works on the migrated database, and both understand what the other one wrote."""
    former = former_version(tmp_path / "former")
    nodes = [start_node("former-one", former), start_node("former-two", former)]
    with behind_haproxy(nodes, tmp_path) as haproxy, judged(nodes, urls=[haproxy.url]) as load:
        new = server_in(tmp_path / "migrating", database_url=nodes[0].environment["DOORWARD_DATABASE_URL"])
        migrated = new.run("migrate")
        assert migrated.returncode == 0, migrated.stderr
        load.until_working()
        for number, name in enumerate(("one", "two")):
            haproxy.take_out(number)
            assert nodes[number].stop() == 0
            nodes[number] = start_node(name, port=str(nodes[number].port))
            haproxy.take_back(number)
            load.until_working()
    assert failures(load) == []
