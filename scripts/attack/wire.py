"""Bytes that no client library sends, and hosts that the service does not have."""

import socket
from collections.abc import Iterator
from functools import partial

from attack.row import Row, tried
from attack.target import ANSWER_SECONDS, Target
from support.http.raw_http import CHUNKED, JSON, SIGN_IN, Response, chunk, received, request, responses_in

SMUGGLED = request("GET /health/live HTTP/1.1", "Connection: close")
ALL = "GET /api/test/all HTTP/1.1"
LAST = b"0\r\n\r\n"

MALFORMED = {
    "two hosts": request(ALL, "Host: evil.example"),
    "no host": request(ALL, host=None),
    "doubled length": request(SIGN_IN, JSON, "Content-Length: 2", "Content-Length: 60", body=b"{}"),
    "chunked with a length": request(SIGN_IN, JSON, "Content-Length: 60", CHUNKED, body=chunk(b"{}") + LAST),
    "length after chunked": request(SIGN_IN, JSON, CHUNKED, "Content-Length: 4", body=chunk(b"{}") + LAST),
    "an unknown coding": request(SIGN_IN, JSON, "Transfer-Encoding: xchunked", body=chunk(b"{}") + LAST),
    "a folded header": request(ALL, "X-A: b\r\n c"),
    "two tokens": request("GET /api/test/user HTTP/1.1", "Authorization: Bearer a", "Authorization: Bearer b"),
}

FOREIGN_HOSTS = ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:127.0.0.1")


def malformed_requests(target: Target) -> Iterator[Row]:
    """Sends each malformed request with a whole one behind it. Held: one answer of 400 to 499, and the second request
    is never answered, since two programs could see its beginning in different places."""
    for name, sent in MALFORMED.items():
        yield tried(name, partial(one_refusal, target, name, sent))


def one_refusal(target: Target, name: str, sent: bytes) -> Row:
    answers = talk(target, sent + SMUGGLED)
    return Row(
        attack=name,
        sent="a malformed request and a whole one behind it",
        came_back=", ".join(str(answer.status) for answer in answers) or "nothing, and the connection ended",
        held=len(answers) <= 1 and all(400 <= answer.status < 500 for answer in answers),
    )


def odd_targets(target: Target) -> Iterator[Row]:
    """Sends a target that names another host, and one with a fragment. Held: the answer is that of the path alone or a
    refusal, and no answer contains the other host (docs/decisions/targets.md)."""
    for name, line in {
        "absolute form": "GET http://evil.example/.well-known/oauth-authorization-server HTTP/1.1",
        "absolute form, guarded": "GET http://evil.example/api/test/admin HTTP/1.1",
        "fragment": "GET /api/test/all#/../admin HTTP/1.1",
    }.items():
        yield tried(name, partial(path_alone, target, name, line))


def path_alone(target: Target, name: str, line: str) -> Row:
    (answer,) = talk(target, request(line, "Connection: close", host=f"{target.host}:{target.port}"))
    expected = {401} if "guarded" in name else {200, 400}
    foreign = "evil.example" in f"{answer.headers}{answer.body!r}"
    return Row(
        attack=name,
        sent=line.rpartition(" ")[0],
        came_back=f"{answer.status}, {'with' if foreign else 'without'} the other host",
        held=answer.status in expected and not foreign,
    )


def unknown_hosts(target: Target) -> Iterator[Row]:
    """Sends requests to other hosts. Held: 421 or 400 for each, and never the answer of the route."""
    yield tried("unknown hosts", partial(misdirected, target))


def misdirected(target: Target) -> Row:
    answers = [
        answer for host in FOREIGN_HOSTS for answer in talk(target, request(ALL, "Connection: close", host=host))
    ]
    statuses = sorted({answer.status for answer in answers})
    return Row(
        attack="unknown hosts",
        sent=f"{len(FOREIGN_HOSTS)} requests with a Host of others",
        came_back=", ".join(map(str, statuses)),
        held=len(answers) == len(FOREIGN_HOSTS) and {400, 421}.issuperset(statuses),
    )


def talk(target: Target, sent: bytes) -> list[Response]:
    """Send the bytes and nothing more. Return the answers until the connection ends."""
    with socket.create_connection((target.host, target.port), ANSWER_SECONDS) as connection:
        connection.sendall(sent)
        return responses_in(received(connection))
