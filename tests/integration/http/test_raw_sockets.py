"""Bytes that no client library sends, against the real server."""

import pytest

from support.http.raw_http import CANARY, CHUNKED, JSON, SIGN_IN, chunk, connected, received, request, talk
from support.programs.server_process import Server

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
"""What happens before the application does not depend on its database."""

SMUGGLED = request("GET /api/test/all HTTP/1.1", "X-Request-Id: smuggled-request")

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
    "a coding before chunked": request(
        SIGN_IN, JSON, "Transfer-Encoding: gzip, chunked", body=chunk(b"{}") + b"0\r\n\r\n"
    ),
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
