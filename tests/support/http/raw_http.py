"""Raw HTTP/1.1 over a socket, for requests that no client library sends."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from support.programs.processes import PATIENCE
from support.programs.server_process import Server

SIGN_IN = "POST /api/auth/signin HTTP/1.1"
JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
CREDENTIALS = b'{"username":"nobody","password":"x"}'
CANARY = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: canary-canary\r\nConnection: close\r\n\r\n"
"""A request behind other bytes that closes the connection. Its answer shows that the server still read requests."""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_canary(self) -> bool:
        return self.headers.get("x-request-id") == "canary-canary"


def opened(server: Server) -> socket.socket:
    """A connection. It raises TimeoutError after PATIENCE seconds without data."""
    return socket.create_connection((server.host, server.port), PATIENCE)


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    """Yield a connection as above, which is closed when the block ends."""
    with opened(server) as connection:
        yield connection


def talk(server: Server, *parts: bytes) -> list[Response]:
    """Send all parts, even if the server stops reading, and return its answers until it closes the connection."""
    with connected(server) as connection:
        try:
            for part in parts:
                connection.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return responses_in(received(connection))


def received(connection: socket.socket) -> bytes:
    """Return all bytes until the server closes the connection."""
    everything = b""
    try:
        while more := connection.recv(65_536):
            everything += more
    except ConnectionResetError:
        pass
    return everything


def responses_in(stream: bytes) -> list[Response]:
    """Return the answers in the stream; each must have its length."""
    responses = []
    while stream:
        head, blank, stream = stream.partition(b"\r\n\r\n")
        assert blank, f"Incomplete headers: {head!r}"
        line, *fields = head.decode("latin-1").split("\r\n")
        version, status, _ = line.split(" ", 2)
        assert version in {"HTTP/1.1", "HTTP/1.0"}
        pairs = (field.partition(":") for field in fields)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", "0"))
        assert len(stream) >= length
        responses.append(Response(int(status), headers, stream[:length]))
        stream = stream[length:]
    return responses


def request(line: str, *headers: str, body: bytes = b"", host: str | None = "127.0.0.1") -> bytes:
    """Return the bytes of a request with that request line. Only the Host header is added."""
    lines = [line, *([f"Host: {host}"] if host is not None else []), *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
