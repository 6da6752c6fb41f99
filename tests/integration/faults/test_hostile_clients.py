"""Clients that storm, leave or are slow, beside people who use the service."""

import asyncio
import random
import select
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import httpx2
import pytest

from support.faults.afterwards import Afterwards
from support.faults.judged import judged
from support.faults.ledger import Kind, Ledger
from support.faults.on_mysql import is_idle, on_mysql
from support.faults.oracle import violations
from support.faults.person import Person
from support.faults.workload import SETTINGS
from support.http.barrier import calling, refreshing
from support.http.raw_http import CHUNKED, JSON, SIGN_IN, opened, request
from support.http.service import Account
from support.mysql.server import MySQLServer
from support.programs.processes import PATIENCE
from support.programs.server_process import Server, at_full_cost, running

pytestmark = pytest.mark.full

STORMING = 30
STORM_SECONDS = 10.0
ABORTS = 600
OF_EACH_KIND = 100
NOTHING = Afterwards(accounts=[], roles=frozenset(), sessions={}, log="")
"""What strangers leave behind."""

RESET = struct.pack("ii", 1, 0)


@contextmanager
def storm(server: Server) -> Iterator[Ledger]:
    """Strangers who try to sign in, all the time, many more than there can be hashed for."""
    over, ledger = Event(), Ledger()

    async def guess(number: int) -> None:
        async with httpx2.AsyncClient(verify=False) as client:
            stranger = Person(
                name=f"stranger-{number}",
                client=client,
                urls=[server.url],
                admin="",
                ledger=ledger,
                chance=random.Random(number),
            )
            while not over.is_set():
                await stranger.sign_in()

    async def all_guess() -> None:
        await asyncio.gather(*map(guess, range(STORMING)))

    thread = Thread(target=asyncio.run, args=(all_guess(),))
    thread.start()
    try:
        yield ledger
    finally:
        over.set()
        thread.join()


def test_a_storm_of_sign_ins_leaves_guarded_requests_alone(tmp_path: Path) -> None:
    """F-23: what cannot be hashed soon is refused with 503, and memory is bounded."""
    limits = {"hash_threads": "1", "hash_queue": "4", "hash_wait_seconds": "1"}
    with at_full_cost(tmp_path, **SETTINGS, **limits) as server, judged([server], clients=4) as load:
        before = monotonic()
        with storm(server) as stormed:
            load.until_seconds(STORM_SECONDS)
            load.until(lambda: {entry.status for entry in stormed.entries} >= {401, 503})
        guarded = [entry for entry in load.ledger.since(before) if entry.kind is Kind.READ]
        assert guarded
        assert not [entry for entry in guarded if entry.failed]
        assert {entry.code for entry in stormed.entries if entry.status == 503} == {"hashing_busy"}
        assert violations(stormed, NOTHING).keys() <= {"I6"}, "strangers are not served"


def abort(server: Server, leaver: Account, chance: random.Random) -> None:
    """Send a request, and reset the connection at once or some milliseconds later."""
    credentials = {"username": leaver.username, "password": "not the password"}
    sent = chance.choice(
        [
            calling("POST", "/api/auth/signin", body=credentials),
            refreshing(leaver.refresh_token),
            calling("GET", "/api/account", leaver),
            calling("GET", "/api/test/user", leaver),
        ]
    )
    with opened(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        connection.sendall(sent[: chance.choice([len(sent), len(sent), chance.randrange(len(sent))])])
        sleep(chance.choice([0, chance.random() * 0.02]))


def test_clients_that_leave_in_between_take_nothing_with_them(own_mysql_server: MySQLServer, tmp_path: Path) -> None:
    """F-24: no connection of a pool, no permit to hash, and nobody gets an answer to their requests."""
    mysql, chance = own_mysql_server, random.Random(1)
    with on_mysql(mysql, tmp_path, mysql.fresh_database(), hash_threads="1", hash_queue="4") as server:
        leaver = server.create_user("leaver")
        with judged([server], idle=lambda: is_idle(mysql)):
            for _ in range(ABORTS):
                abort(server, leaver, chance)
        assert server.logged(event="unhandled_exception") == []


@dataclass(frozen=True, slots=True)
class Slow:
    """A connection on which a byte is sent now and then, or none at all."""

    connection: socket.socket
    drips: bool

    def is_open(self) -> bool:
        """Send a byte, and read what came. Return whether the server has not closed the connection."""
        try:
            if self.drips:
                self.connection.send(b" ")
            while select.select([self.connection], [], [], 0)[0]:
                if not self.connection.recv(65_536):
                    return False
        except OSError:
            return False
        return True


def slow_clients(server: Server, stack: ExitStack) -> list[Slow]:
    beginnings = {
        b"": False,
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ": True,
        request(SIGN_IN, JSON, "Content-Length: 10000", body=b'{"user'): True,
        request(SIGN_IN, JSON, CHUNKED, body=b'20\r\n{"user'): False,
    }
    made = []
    for beginning, drips in beginnings.items():
        for _ in range(OF_EACH_KIND):
            connection = stack.enter_context(opened(server))
            connection.sendall(beginning)
            made.append(Slow(connection, drips))
    return made


def test_slow_clients_are_cut_off_while_people_use_the_service(tmp_path: Path) -> None:
    """F-25: those that send nothing, and those that send a byte of a head or a body at a time. Those that read nothing
    of a small answer are left to the proxy, as docs/deployment.md says."""
    with running(tmp_path, **{**SETTINGS, "keep_alive_seconds": "5"}) as server:
        with judged([server]) as load, ExitStack() as stack:
            slow = slow_clients(server, stack)
            deadline = monotonic() + PATIENCE
            while slow and monotonic() < deadline:
                load.until_seconds(0.5)
                slow = [each for each in slow if each.is_open()]
            assert slow == []
        assert server.logged(event="unhandled_exception") == []
