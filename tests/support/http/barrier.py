"""Simultaneous requests: every client sends all but its last byte before the first client sends that."""

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from select import select
from typing import Any

from support.http.raw_http import JSON, Response, opened, request, responses_in
from support.http.service import Account
from support.programs.server_process import Server

MAX_RETURNS = 60
"""How often a client comes back that is told so. Each time may take a second."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Connections that are used for several rounds of requests."""

    server: Server
    connections: list[socket.socket]

    def at_once(self, requests: Sequence[bytes], between: Callable[[], object] = lambda: None) -> list[Response]:
        """Send one request on each connection, and return the answers in the same order. `between` is called between
        the two requests of each pair: by default nothing happens there.

        Whoever is told to come back (503) comes back: a busy machine may say so.
        """
        assert len(requests) == len(self.connections)
        self.reconnect()
        for connection, sent in zip(self.connections, requests, strict=True):
            connection.sendall(sent[:-1])
        for number, (connection, sent) in enumerate(zip(self.connections, requests, strict=True)):
            if number % 2:
                between()
            connection.sendall(sent[-1:])
        answers = [answer_on(connection) for connection in self.connections]
        for _ in range(MAX_RETURNS):
            rejected = [number for number, answer in enumerate(answers) if answer.status == 503]
            if not rejected:
                break
            self.reconnect()
            for number in rejected:
                self.connections[number].sendall(requests[number])
            for number in rejected:
                answers[number] = answer_on(self.connections[number])
        return answers

    def reconnect(self) -> None:
        """Replace connections that the server has closed. It closes those that sent nothing for some seconds, and on a
        busy machine a round may take longer."""
        for number, connection in enumerate(self.connections):
            if is_closed(connection):
                connection.close()
                self.connections[number] = without_delay(self.server)


@contextmanager
def crowd(server: Server, size: int) -> Iterator[Crowd]:
    clients = Crowd(server, [])
    try:
        clients.connections.extend(without_delay(server) for _ in range(size))
        yield clients
    finally:
        for connection in clients.connections:
            connection.close()


def without_delay(server: Server) -> socket.socket:
    """A connection that sends each part of a request at once."""
    connection = opened(server)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has closed a connection from which every answer was read."""
    readable, _, _ = select([connection], [], [], 0)
    return bool(readable)


def answer_on(connection: socket.socket) -> Response:
    """Return the next answer on a connection that stays open."""
    stream = b""
    while b"\r\n\r\n" not in stream:
        stream += more_from(connection)
    head, _, body = stream.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = (int(lengths[0]) if lengths else 0) - len(body)
    while missing > 0:
        more = more_from(connection)
        stream, missing = stream + more, missing - len(more)
    (answer,) = responses_in(stream)
    return answer


def more_from(connection: socket.socket) -> bytes:
    more = connection.recv(65_536)
    assert more, "The server closed the connection."
    return more


def calling(method: str, path: str, account: Account | None = None, body: dict[str, Any] | None = None) -> bytes:
    """Return the bytes of a request, with the account's access token and a JSON body if given."""
    content = b"" if body is None else json.dumps(body).encode()
    headers = [] if account is None else [f"Authorization: Bearer {account.token}"]
    headers += [] if body is None else [JSON, f"Content-Length: {len(content)}"]
    return request(f"{method} {path} HTTP/1.1", *headers, body=content)


def refreshing(token: str) -> bytes:
    return calling("POST", "/api/auth/refresh", body={"refreshToken": token})
