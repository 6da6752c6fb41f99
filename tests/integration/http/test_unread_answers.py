"""Clients that ask for a large answer and do not read it, against the real server. What does not need a server is in
`tests/unit/http/test_large_answers.py`."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from doorward.interfaces.http.config import LargeAnswerLimits
from doorward.interfaces.http.edge.large_answers import MAX_WHOLE_BYTES, SERVER_BUFFER_BYTES
from support.http.database_shell import run_sql
from support.http.list_periods import within_one_period
from support.http.raw_http import CANARY, request, talk
from support.http.service import Account
from support.jwt.material import read_claims
from support.programs.processes import PATIENCE, children, eventually, resident_bytes
from support.programs.server_process import Serve, Server

SEND_BUFFER = Path("/proc/sys/net/ipv4/tcp_wmem")
MAX_SEND_BUFFER_BYTES = 4 * 1024 * 1024
"""The most that Linux takes for a client that does not read, unless somebody configured more."""


def send_buffer_bytes() -> int:
    return int(SEND_BUFFER.read_text().split()[2]) if SEND_BUFFER.exists() else MAX_SEND_BUFFER_BYTES + 1


pytestmark = [
    pytest.mark.full,
    pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session"),
    pytest.mark.skipif(send_buffer_bytes() > MAX_SEND_BUFFER_BYTES, reason="needs the send buffers of Linux"),
]
"""The database has no part in it."""

FEED = "/.well-known/revocations"
ENDED = 60_000
"""They make a list of 5.2 MB, which is more than MAX_SEND_BUFFER_BYTES."""

SMALL_WINDOW_BYTES = 4_096
ANOTHER_ADDRESS = "127.0.0.2"


def end_many_sessions(server: Server) -> None:
    """Announce that many sessions ended, as other nodes do, and return when the server lists them."""
    run_sql(
        server,
        f"""
        INSERT INTO changes (subject, user_id, session_id)
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {ENDED})
        SELECT 'sessions', randomblob(16), randomblob(16) FROM numbers
        """,
    )
    eventually(lambda: len(server.request("GET", FEED).content) > 80 * ENDED)


def unread(server: Server, stack: ExitStack) -> bytes:
    """Ask for the list, and return what has arrived when the answer begins. Nothing more is read."""
    connection = stack.enter_context(socket.socket())
    connection.settimeout(PATIENCE)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_WINDOW_BYTES)
    connection.connect((server.host, server.port))
    connection.sendall(request(f"GET {FEED} HTTP/1.1"))
    return connection.recv(1_024)


def memory_of(server: Server) -> int:
    return sum(resident_bytes(pid) for pid in (server.pid, *children(server.pid)))


@contextmanager
def from_another_address(server: Server) -> Iterator[socket.socket]:
    connection = socket.create_connection((server.host, server.port), PATIENCE, (ANOTHER_ADDRESS, 0))
    with connection:
        yield connection


def read_all(connection: socket.socket) -> bytes:
    connection.sendall(request(f"GET {FEED} HTTP/1.1", "Connection: close"))
    received = b""
    while more := connection.recv(1 << 20):
        received += more
    return received


def is_served(server: Server, ada: Account, cursor: str) -> bool:
    """Return whether the service answers everything else: health, a guarded route, and what is new in the list."""
    new = server.request("GET", FEED, params={"since": cursor})
    return talk(server, CANARY)[0].status == 200 and server.lets_in(ada) and len(new.content) < MAX_WHOLE_BYTES


def test_clients_that_do_not_read_take_little_memory_and_leave_the_service_to_others(serve: Serve) -> None:
    """OP-07."""
    server = serve()
    ada = server.create_user("ada")
    end_many_sessions(server)

    def story() -> None:
        whole = server.request("GET", FEED).content
        cursor = read_claims(whole.decode())["cursor"]
        allowed = (LargeAnswerLimits().max_bytes_of_address - len(whole)) // SERVER_BUFFER_BYTES
        before = memory_of(server)
        with ExitStack() as stack:
            begun = [unread(server, stack) for _ in range(allowed)]
            assert all(each.startswith(b"HTTP/1.1 200 ") for each in begun)
            assert memory_of(server) - before < allowed * len(whole) / 8
            refused = unread(server, stack)
            assert refused.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nretry-after: 1\r\n" in refused
            assert b'"code":"too_many_large_answers"' in refused
            assert server.line(event="large_answers_stopped")["reason"] == "address_limit"
            assert is_served(server, ada, cursor)
            with from_another_address(server) as honest:
                assert len(read_all(honest)) > len(whole)
        eventually(lambda: server.request("GET", FEED).status_code == 200)

    within_one_period(story)
