"""A database server that restarts, crashes, hangs or takes no more connections while people use the service."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncmy
import pytest
from asyncmy.errors import MySQLError

from support.faults.judged import judged
from support.faults.on_mysql import is_idle, on_mysql
from support.mysql.server import Account, MySQLServer
from support.programs.processes import eventually
from support.programs.server_process import Server

pytestmark = pytest.mark.full

DOWN_SECONDS = 10.0
"""Longer than anything that a node remembers without the database."""

FEW, ENOUGH = 10, 300
"""Connections that the server takes: fewer than the pools of all workers hold, or more."""

OF_THE_SERVICE = "SELECT id FROM information_schema.processlist WHERE user = 'doorward'"


@pytest.fixture
def server(own_mysql_server: MySQLServer, tmp_path: Path) -> Iterator[Server]:
    with on_mysql(own_mysql_server, tmp_path, own_mysql_server.fresh_database()) as running_server:
        yield running_server


@pytest.mark.parametrize(
    "stop", [MySQLServer.terminate, MySQLServer.kill, MySQLServer.pause], ids=["restart", "crash", "hang"]
)
def test_a_database_that_goes_away_and_comes_back_loses_nothing(
    server: Server, own_mysql_server: MySQLServer, stop: Callable[[MySQLServer], None]
) -> None:
    """F-04, F-05: three times. While it is away, clients are told to come again. Afterwards there are no more
    connections than the pools hold."""
    mysql = own_mysql_server
    with judged([server], idle=lambda: is_idle(mysql)) as load:
        for _ in range(3):
            stop(mysql)
            assert load.until_failing().status == 503
            load.until_seconds(DOWN_SECONDS)
            mysql.restore()
            load.until_working()
            load.note_usage()
    assert not [entry for entry in load.ledger.entries if entry.broken]


class Occupier:
    """Takes the connections of a server. It stays connected itself, since nobody else may be let in."""

    def __init__(self, mysql: MySQLServer, runner: asyncio.Runner) -> None:
        self.owner, self.runner = mysql.owner, runner
        self.admin = self.connected(mysql.admin)
        self.taken: list[Any] = []

    def connected(self, account: Account) -> Any:
        return self.runner.run(
            asyncmy.connect(host=account.host, port=account.port, user=account.user, password=account.password)
        )

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        async def run() -> list[tuple[Any, ...]]:
            async with self.admin.cursor() as cursor:
                await cursor.execute(statement)
                return list(await cursor.fetchall()) if cursor.description else []

        return self.runner.run(run())

    def limit(self, connections: int) -> None:
        self.sql(f"SET GLOBAL max_connections = {connections}")

    def take_all(self) -> bool:
        """End the connections of others and take their places. Return whether there are no others any more."""
        kept = {connection.thread_id() for connection in self.taken}
        for number in self.numbers() - kept:
            with suppress(MySQLError):  # it has ended meanwhile
                self.sql(f"KILL {number}")
        with suppress(MySQLError):
            while True:
                self.taken.append(self.connected(self.owner))
        return self.numbers() == {connection.thread_id() for connection in self.taken}

    def numbers(self) -> set[int]:
        return {number for (number,) in self.sql(OF_THE_SERVICE)}

    def leave(self) -> None:
        for connection in self.taken:
            self.runner.run(connection.ensure_closed())
        self.taken.clear()


@pytest.fixture
def occupier(own_mysql_server: MySQLServer) -> Iterator[Occupier]:
    with asyncio.Runner() as runner:
        made = Occupier(own_mysql_server, runner)
        yield made
        made.leave()
        made.limit(ENOUGH)
        runner.run(made.admin.ensure_closed())


def test_a_database_that_takes_no_more_connections_is_told_of_and_recovered_from(
    server: Server, own_mysql_server: MySQLServer, occupier: Occupier
) -> None:
    """F-10: the service is not ready while it cannot connect, and becomes so by itself."""
    with judged([server], idle=lambda: is_idle(own_mysql_server)) as load, server.client() as client:
        occupier.limit(FEW)
        eventually(occupier.take_all)
        assert load.until_failing().status == 503
        eventually(lambda: client.get("/health/ready").status_code == 503)
        occupier.leave()  # FEW is less than the pools would hold
        load.until_requests(300)
        occupier.limit(ENOUGH)
        eventually(lambda: client.get("/health/ready").status_code == 200)
    assert not [entry for entry in load.ledger.entries if entry.broken]
