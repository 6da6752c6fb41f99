"""A database server that restarts, crashes or hangs while people use the service."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.faults.judged import judged
from support.faults.workload import SETTINGS
from support.mysql.server import MySQLServer
from support.programs.server_process import Server, running

pytestmark = pytest.mark.full

POOL, WORKERS = 6, 2
DOWN_SECONDS = 10.0
"""Longer than anything that a node remembers without the database."""


@pytest.fixture
def server(own_mysql_server: MySQLServer, tmp_path: Path) -> Iterator[Server]:
    """Two workers on a database server that may be stopped."""
    settings = {**SETTINGS, "workers": str(WORKERS), "database_pool_size": str(POOL)}
    with running(tmp_path, database_url=own_mysql_server.fresh_database(), **settings) as running_server:
        yield running_server
        own_mysql_server.restore()


def connections(mysql: MySQLServer) -> int:
    ((count,),) = mysql.sql("SELECT count(*) FROM information_schema.processlist WHERE user = 'doorward'")
    return int(count)


def is_idle(mysql: MySQLServer) -> bool:
    """Whether nobody is in a transaction, and no more connections are open than the pools hold."""
    ((transactions,),) = mysql.sql("SELECT count(*) FROM information_schema.innodb_trx")
    return transactions == 0 and connections(mysql) <= POOL * WORKERS


@pytest.mark.parametrize(
    "stop", [MySQLServer.terminate, MySQLServer.kill, MySQLServer.pause], ids=["restart", "crash", "hang"]
)
def test_a_database_that_goes_away_and_comes_back_loses_nothing(
    server: Server, own_mysql_server: MySQLServer, stop: Callable[[MySQLServer], None]
) -> None:
    """F-04, F-05, I8: three times. While it is away, clients are told to come again. Afterwards there are no more
    connections than the pools hold."""
    mysql = own_mysql_server
    with judged([server], idle=lambda: is_idle(mysql)) as load:
        for _ in range(3):
            stop(mysql)
            assert load.until_failing().status == 503
            load.until_seconds(DOWN_SECONDS)
            mysql.restore()
            load.until_working()
    assert not [entry for entry in load.ledger.entries if entry.broken]
