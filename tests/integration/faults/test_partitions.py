"""A network that loses or delays what the service and its database send, while people use the service."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from support.faults.judged import judged
from support.faults.network import Direction, Network, network
from support.faults.on_mysql import is_idle, on_mysql
from support.mysql.server import MySQLServer
from support.programs.server_process import Server

pytestmark = pytest.mark.full

CUT_SECONDS = 8.0
SLOW_SECONDS = 10.0
DELAY_SECONDS, LOST = 0.05, 0.1


@pytest.fixture
def between(own_mysql_server: MySQLServer) -> Iterator[tuple[Network, str]]:
    with network(own_mysql_server.fresh_database()) as made:
        yield made


@pytest.fixture
def server(own_mysql_server: MySQLServer, between: tuple[Network, str], tmp_path: Path) -> Iterator[Server]:
    with on_mysql(own_mysql_server, tmp_path, between[1]) as running_server:
        yield running_server


def both(net: Network) -> Sequence[Direction]:
    return net.requests, net.answers


def requests(net: Network) -> Sequence[Direction]:
    return [net.requests]


def answers(net: Network) -> Sequence[Direction]:
    return [net.answers]


@pytest.mark.parametrize("cut", [both, requests, answers], ids=lambda cut: cut.__name__)
def test_a_network_that_is_cut_makes_nothing_hang_and_loses_nothing(
    server: Server,
    own_mysql_server: MySQLServer,
    between: tuple[Network, str],
    cut: Callable[[Network], Sequence[Direction]],
) -> None:
    """F-08: no connection is closed by it. What was sent meanwhile arrives when it is healed."""
    net, _ = between
    with judged([server], idle=lambda: is_idle(own_mysql_server)) as load:
        for _ in range(2):
            for direction in cut(net):
                direction.cut()
            assert load.until_failing().status == 503
            load.until_seconds(CUT_SECONDS)
            net.heal()
            load.until_working()
    assert not [entry for entry in load.ledger.entries if entry.broken]


def test_a_slow_network_that_loses_packets_gives_no_error_but_503(
    server: Server, own_mysql_server: MySQLServer, between: tuple[Network, str]
) -> None:
    """F-09: each way takes 50 ms, and one part in ten 300 ms more."""
    net, _ = between
    with judged([server], idle=lambda: is_idle(own_mysql_server)) as load:
        for direction in both(net):
            direction.delay_seconds, direction.lost = DELAY_SECONDS, LOST
        load.until_seconds(SLOW_SECONDS)
        net.heal()
    assert not [entry for entry in load.ledger.entries if entry.broken]
    assert {entry.status for entry in load.ledger.entries if entry.failed} <= {503}
