"""Bytes that no client library sends, against the real server."""

import re
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from raw_http import CANARY, Response, connected, received, request, responses_in, talk
from server_process import Server

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
"""What happens before the application does not depend on its database."""

SIGN_IN = "POST /api/auth/signin HTTP/1.1"
JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
SMUGGLED = request("GET /api/test/all HTTP/1.1", "X-Request-Id: smuggled-request")
CREDENTIALS = b'{"username":"nobody","password":"x"}'


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


NOT_HTTP = {
    "noise": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "another version": request("GET / HTTP/9.9"),
    "tabs": request("GET\t/\tHTTP/1.1"),
    "a raw byte": request("GET /\xff HTTP/1.1"),
    "a header without a name": request("GET / HTTP/1.1", ": x"),
    "a header without a colon": request("GET / HTTP/1.1", "x"),
    "a blank before the colon": request("GET / HTTP/1.1", "X-A : b"),
    "a folded header": request("GET / HTTP/1.1", "X-A: b\r\n c"),
    "NUL in a header": request("GET / HTTP/1.1", "X-A: b\0c"),
    "two lengths": request(SIGN_IN, JSON, "Content-Length: 5", "Content-Length: 6", body=b"{}   "),
    "a list of lengths": request(SIGN_IN, JSON, "Content-Length: 5, 5", body=b"{}   "),
    "a negative length": request(SIGN_IN, JSON, "Content-Length: -5", body=b"{}   "),
    "a length with a sign": request(SIGN_IN, JSON, "Content-Length: +5", body=b"{}   "),
    "a length of 23 digits": request(SIGN_IN, JSON, "Content-Length: " + "9" * 23, body=b"{}   "),
    "an unknown coding": request(SIGN_IN, JSON, "Transfer-Encoding: xchunked", body=chunk(b"{}") + b"0\r\n\r\n"),
    "a coding after chunked": request(
        SIGN_IN, JSON, CHUNKED, "Transfer-Encoding: identity", body=chunk(b"{}") + b"0\r\n\r\n"
    ),
    "chunks in HTTP/1.0": request("POST /api/auth/signin HTTP/1.0", JSON, CHUNKED, body=b"0\r\n\r\n"),
    "a length that is not hexadecimal": request(SIGN_IN, JSON, CHUNKED, body=b"ZZ\r\n{}\r\n0\r\n\r\n"),
    "a negative chunk": request(SIGN_IN, JSON, CHUNKED, body=b"-2\r\n{}\r\n0\r\n\r\n"),
    "a chunk of 2^72 bytes": request(SIGN_IN, JSON, CHUNKED, body=b"FFFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n"),
    "a chunk longer than said": request(SIGN_IN, JSON, CHUNKED, body=b"2\r\n{}XX0\r\n\r\n"),
    "chunks by bare line feeds": request(SIGN_IN, JSON, CHUNKED, body=b"2\n{}\n0\n\n"),
    "a body with GET": request("GET /api/test/all HTTP/1.1", "Content-Length: 2", body=b"{}"),
    "chunks with OPTIONS": request("OPTIONS /api/test/all HTTP/1.1", CHUNKED, body=b"0\r\n\r\n"),
    "no Host": request("GET /api/test/all HTTP/1.1", host=None),
    "no Host in HTTP/1.0": request("GET /api/test/all HTTP/1.0", host=None),
    "two Hosts": request("GET /api/test/all HTTP/1.1", "Host: 127.0.0.1"),
    "two different Hosts": request("GET /api/test/all HTTP/1.1", "Host: evil.example"),
    "two Authorizations": request("GET /api/test/user HTTP/1.1", "Authorization: Bearer a", "Authorization: Bearer b"),
}


@pytest.mark.parametrize("name", NOT_HTTP)
def test_what_is_not_http_is_a_bad_request_and_ends_the_connection(server: Server, name: str) -> None:
    """HT-07, HT-09, HT-10: what stands behind it is never taken for a request."""
    (response,) = talk(server, NOT_HTTP[name], SMUGGLED, CANARY)
    assert response.status == 400


@pytest.mark.parametrize("name", NOT_HTTP)
def test_a_refusal_of_the_edge_is_a_whole_problem(server: Server, name: str) -> None:
    """HT-01, HT-13: and one of the server's own parser is empty."""
    (response,) = talk(server, NOT_HTTP[name], CANARY)
    if response.body:
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-request-id"].encode() in response.body
    assert not response.headers.get("server")


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (("Content-Length: 200", CHUNKED), b"0\r\n\r\n"),
        ((CHUNKED, "Content-Length: 4"), chunk(b"{}") + b"0\r\n\r\n"),
        (("Content-Length: 0", CHUNKED), chunk(b"{}") + b"0\r\n\r\n"),
    ],
)
def test_of_a_length_and_chunks_one_counts_and_the_connection_ends(
    server: Server, framing: tuple[str, ...], body: bytes
) -> None:
    """HT-10: RFC 9112, section 6.1."""
    (response,) = talk(server, request(SIGN_IN, JSON, *framing, body=body), SMUGGLED, CANARY)
    assert 400 <= response.status < 500


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(
            request(SIGN_IN, JSON, "Content-Length: 2", "Content-Length: 2", body=b"{}"), id="twice the same length"
        ),
        pytest.param(request(SIGN_IN, JSON, CHUNKED, body=b"2;a=b\r\n{}\r\n0\r\nX-A: b\r\n\r\n"), id="trailer"),
        pytest.param(request(SIGN_IN, JSON, CHUNKED, body=b"0\r\n\r\n"), id="no chunk"),
        pytest.param(request(SIGN_IN, JSON, "Content-Length: 0"), id="no body"),
        pytest.param(request(SIGN_IN, "Content-Length: 2", body=b"{}"), id="no type"),
        pytest.param(b"\r\n" + request("GET /api/test/all HTTP/1.1"), id="a blank line before"),
        pytest.param(b"GET /api/test/all HTTP/1.1\nHost: 127.0.0.1\n\n", id="bare line feeds"),
        pytest.param(request("GET /%2e%2e/x HTTP/1.1"), id="another spelling"),
        pytest.param(request("BREW / HTTP/1.1"), id="another method"),
        pytest.param(request("OPTIONS * HTTP/1.1"), id="asterisk"),
    ],
)
def test_one_request_gets_one_answer(server: Server, whole: bytes) -> None:
    """HT-10."""
    first, second = talk(server, whole, CANARY)
    assert first.status < 500
    assert not first.is_canary
    assert second.is_canary


def test_pipelined_requests_are_answered_in_their_order(server: Server) -> None:
    """HT-10."""
    numbers = [f"pipelined-{number}" for number in range(8)]
    requests = [request("GET /api/test/all HTTP/1.1", f"X-Request-Id: {number}") for number in numbers]
    *responses, canary = talk(server, b"".join(requests), CANARY)
    assert [response.headers["x-request-id"] for response in responses] == numbers
    assert {response.body for response in responses} == {b"Public Content."}
    assert canary.is_canary


def test_a_body_that_was_refused_is_not_taken_for_a_request(server: Server) -> None:
    """HT-10."""
    framing = f"Content-Length: {len(SMUGGLED)}"
    for refused in (
        request("POST /api/test/all HTTP/1.1", JSON, framing, body=SMUGGLED),
        request(SIGN_IN, "Content-Type: text/plain", framing, body=SMUGGLED),
        request(SIGN_IN, JSON, framing, body=SMUGGLED, host="evil.example"),
        request("POST //api/auth/signin HTTP/1.1", JSON, framing, body=SMUGGLED),
        request("BREW / HTTP/1.1", JSON, framing, body=SMUGGLED),
    ):
        first, *others = talk(server, refused, CANARY)
        assert 400 <= first.status < 500
        assert all(response.is_canary for response in others)


@pytest.mark.parametrize("host", ["127.0.0.1:1", "LOCALHOST", "localhost.:8080"])
def test_the_name_counts_without_port_case_and_dot(server: Server, host: str) -> None:
    """HT-09."""
    first, _ = talk(server, request("GET /api/test/all HTTP/1.1", host=host), CANARY)
    assert first.status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080"])
def test_another_name_is_misdirected(server: Server, host: str) -> None:
    """HT-09."""
    (response,) = talk(server, request("GET /api/test/all HTTP/1.1", host=host))
    assert response.status == 421


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /api/test/admin HTTP/1.1", 401),
        ("HEAD /api/test/admin HTTP/1.1", 401),
        ("GET http://127.0.0.1/api/test/admin HTTP/1.1", 401),
        ("GET http://evil.example/api/test/admin HTTP/1.1", 401),
        ("get /api/test/admin HTTP/1.1", 405),
        ("TRACE /api/test/admin HTTP/1.1", 405),
        ("POST /api/test/admin HTTP/1.1", 405),
        ("OPTIONS /api/test/admin HTTP/1.1", 204),
        ("GET //api/test/admin HTTP/1.1", 404),
        ("GET /api/test/admin/ HTTP/1.1", 404),
        ("GET /api%2ftest%2fadmin HTTP/1.1", 404),
        ("GET /api/test/%61dmin HTTP/1.1", 404),
        ("GET /api/x/../test/admin HTTP/1.1", 404),
        ("GET /api/test/admin?token=x HTTP/1.1", 400),
    ],
)
def test_no_spelling_of_a_guarded_path_passes_the_guard(server: Server, line: str, status: int) -> None:
    """AZ-02."""
    stream = exchanged(server, request(line, "Connection: close"))
    head, _, body = stream.partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == str(status).encode()
    assert b"Admin Content." not in body
    if status == 405:
        assert b"\r\nallow: " in head


def exchanged(server: Server, data: bytes) -> bytes:
    """The answer as it came, for methods whose answers have a length and no body."""
    with connected(server) as connection:
        connection.sendall(data)
        return received(connection)


def test_connect_opens_no_tunnel(server: Server) -> None:
    """HT-08."""
    stream = exchanged(server, request("CONNECT 127.0.0.1:443 HTTP/1.1", "Connection: close"))
    assert stream.split(b" ")[1] == b"405"
    assert b"\r\nallow: " in stream


def test_of_head_only_the_head_is_sent(server: Server) -> None:
    """HT-08."""
    stream = exchanged(server, request("HEAD /api/test/all HTTP/1.1", "Connection: close"))
    head, _, body = stream.partition(b"\r\n\r\n")
    assert (head.split(b" ")[1], body) == (b"200", b"")
    assert f"content-length: {len('Public Content.')}".encode() in head


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
    """HT-06, F-26: 10 GB, and the client has not even begun."""
    (response,) = talk(server, request(SIGN_IN, JSON, "Content-Length: 10000000000"))
    assert response.status == 413
    (response,) = talk(server, request(SIGN_IN, JSON, "Content-Length: 16385"))
    assert response.status == 413


@pytest.mark.parametrize(("size", "status"), [(16_384, 401), (16_385, 413)])
def test_the_limit_of_a_body_is_16_kib(server: Server, size: int, status: int) -> None:
    """HT-06, F-26."""
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
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(server.pid) in {fields["Pid"], fields["PPid"]} and "VmRSS" in fields:
            total += int(fields["VmRSS"].split()[0]) * 1024
    return total


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_endless_bodies_are_cut_off_and_take_no_memory(server: Server) -> None:
    """F-26."""
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
    """F-25, HT-10: nothing at all, half a head, half a body, half a chunk."""
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


def test_clients_that_leave_are_no_errors(server: Server) -> None:
    """F-24, edge half: whenever they leave, nothing is logged as an error and the next one is served."""
    whole = request(SIGN_IN, JSON, f"Content-Length: {len(CREDENTIALS)}", body=CREDENTIALS)
    for length in range(0, len(whole) + 1, 7):
        with connected(server) as connection:
            connection.sendall(whole[:length])
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert talk(server, CANARY)[0].status == 200
    assert not re.search(r'"level":"(error|critical)"', server.output)
