"""Clients that send too much, too slowly, or leave, against the real server."""

import re
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.http.raw_http import (
    CANARY,
    CHUNKED,
    CREDENTIALS,
    JSON,
    SIGN_IN,
    Response,
    chunk,
    connected,
    received,
    request,
    responses_in,
    talk,
)
from support.programs.processes import children, resident_bytes
from support.programs.server_process import Server

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
"""What happens before the application does not depend on its database."""


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(request("GET / HTTP/1.1", *(f"X-{n}: 1" for n in range(110))), 431, id="too many headers"),
        pytest.param(request("GET / HTTP/1.1", "X: " + "a" * 66_000), 431, id="64 KiB of headers"),
        pytest.param(request("GET / HTTP/1.1", "X: " + "a" * 1_000_000), 431, id="a megabyte of headers"),
        pytest.param(request(f"GET /{'a' * 9000} HTTP/1.1"), 414, id="9 KB of path"),
        pytest.param(request(f"GET /?q={'a' * 9000} HTTP/1.1"), 414, id="9 KB of query"),
        pytest.param(request(f"GET /{'a' * 65_600} HTTP/1.1"), 414, id="64 KiB of path"),
    ],
)
def test_a_head_has_bounds(server: Server, data: bytes, status: int) -> None:
    """HT-11."""
    (response,) = talk(server, data, CANARY)
    assert response.status == status


def test_a_length_that_is_too_large_is_refused_before_the_body_comes(server: Server) -> None:
    """HT-06: 10 GB, and the client has not even begun."""
    (response,) = talk(server, request(SIGN_IN, JSON, "Content-Length: 10000000000"))
    assert response.status == 413
    (response,) = talk(server, request(SIGN_IN, JSON, "Content-Length: 16385"))
    assert response.status == 413


@pytest.mark.parametrize(("size", "status"), [(16_384, 401), (16_385, 413)])
def test_the_limit_of_a_body_is_16_kib(server: Server, size: int, status: int) -> None:
    """HT-06."""
    body = CREDENTIALS + b" " * (size - len(CREDENTIALS))
    whole = request(SIGN_IN, JSON, f"Content-Length: {size}", body=body)
    assert talk(server, whole, CANARY)[0].status == status
    halves = chunk(body[:9000]) + chunk(body[9000:]) + b"0\r\n\r\n"
    assert talk(server, request(SIGN_IN, JSON, CHUNKED, body=halves), CANARY)[0].status == status


def test_whoever_asks_first_is_told_before_sending(server: Server) -> None:
    """HT-06: RFC 9110, section 10.1.1."""
    with connected(server) as connection:
        connection.sendall(request(SIGN_IN, JSON, "Expect: 100-continue", f"Content-Length: {len(CREDENTIALS)}"))
        assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(CREDENTIALS + CANARY)
        first, _ = responses_in(received(connection))
    assert first.status == 401
    (refused,) = talk(server, request(SIGN_IN, JSON, "Expect: 100-continue", "Content-Length: 10000000"))
    assert refused.status == 413


def memory_of(server: Server) -> int:
    """Resident bytes of the server and its workers."""
    return sum(resident_bytes(pid) for pid in (server.pid, *children(server.pid)))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_endless_bodies_are_cut_off_and_take_no_memory(server: Server) -> None:
    talk(server, request(SIGN_IN, JSON, CHUNKED, body=chunk(b"x" * 20_000)))
    before = memory_of(server)
    sent = chunk(b"x" * 65_536) * 16
    for _ in range(10):
        with connected(server) as connection:
            connection.sendall(request(SIGN_IN, JSON, CHUNKED))
            with pytest.raises((BrokenPipeError, ConnectionResetError)):
                send_for_ever(connection, sent)
    assert memory_of(server) - before < 16 * 1024 * 1024


def send_for_ever(connection: socket.socket, data: bytes) -> None:
    for _ in range(10_000):
        connection.sendall(data)


def test_slow_clients_are_cut_off_while_others_are_served(server: Server) -> None:
    """HT-10, F-25: nothing at all, half a head, half a body, half a chunk."""
    beginnings = {
        "nothing": (b"", None),
        "half a line": (b"GET /api/te", None),
        "half a head": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", None),
        "half a body": (request(SIGN_IN, JSON, "Content-Length: 100", body=b'{"user'), 408),
        "no body": (request(SIGN_IN, JSON, "Content-Length: 100"), 408),
        "half a chunk": (request(SIGN_IN, JSON, CHUNKED, body=b'20\r\n{"user'), 408),
    }
    with ExitStack() as stack:
        connections = {name: stack.enter_context(connected(server)) for name in beginnings}
        for name, (beginning, _) in beginnings.items():
            connections[name].sendall(beginning)
        assert talk(server, CANARY)[0].status == 200
        ends = {name: responses_in(received(connection)) for name, connection in connections.items()}
    assert {name: status_of(responses) for name, responses in ends.items()} == {
        name: status for name, (_, status) in beginnings.items()
    }


def status_of(responses: list[Response]) -> int | None:
    return responses[0].status if responses else None


LARGE = request("GET /docs/swagger-ui-bundle.js HTTP/1.1")


def test_large_answers_follow_one_another_on_one_connection(server: Server) -> None:
    """Each is whole: `talk` checks their lengths."""
    first, second, canary = talk(server, LARGE * 2, CANARY)
    assert first.body == second.body
    assert canary.is_canary


def test_clients_that_leave_are_no_errors(server: Server) -> None:
    """Whenever they leave, nothing is logged as an error and the next one is served."""
    before = server.settled()
    whole = request(SIGN_IN, JSON, f"Content-Length: {len(CREDENTIALS)}", body=CREDENTIALS)
    for length in range(0, len(whole) + 1, 7):
        with connected(server) as connection:
            connection.sendall(whole[:length])
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert talk(server, CANARY)[0].status == 200
    after = server.settled()
    assert not re.search(r'"level":"(error|critical)"', server.output[before:after])
