"""How documents are fetched: each answer here is one that a server of somebody else's could give."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from threading import Event, Thread

import pytest

import doorward.guard.fetch
from doorward.guard.fetch import PunctualResponse, fetch
from support.programs.processes import PATIENCE, free_port

ANSWERS = {
    "/good": b'HTTP/1.1 200 OK\r\nETag: W/"1"\r\nContent-Length: 4\r\n\r\ngood',
    "/same": b'HTTP/1.1 304 Not Modified\r\nETag: W/"1"\r\n\r\n',
    "/busy": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "/moved": b"HTTP/1.1 302 Found\r\nLocation: /good\r\nContent-Length: 0\r\n\r\n",
    "/elsewhere": b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
    "/long": b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + b"x" * 11,
    "/cut": b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nhalf",
    "/no-http": b"220 mail.example.org ESMTP\r\n",
    "/nothing": b"",
    "/never": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n",
}


class Server:
    """Answers each connection once, with the bytes for its path."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.requests: list[str] = []
        self.kept: list[socket.socket] = []
        Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            request = connection.recv(65_536).decode()
            self.requests.append(request)
            path = request.split()[1]
            connection.sendall(ANSWERS[path])
            if path == "/never":
                self.kept.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        for each in (*self.kept, self.listener):
            each.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def test_an_answer_is_returned_whatever_its_status(server: Server) -> None:
    good = fetch(f"{server.url}/good", {"If-None-Match": 'W/"0"', "Prefer": "wait=25"}, PATIENCE)
    assert (good.status, good.body, good.headers["etag"]) == (200, b"good", 'W/"1"')
    assert 'if-none-match: w/"0"\r\n' in server.requests[-1].lower()
    assert fetch(f"{server.url}/same", {}, PATIENCE).status == 304
    assert fetch(f"{server.url}/busy", {}, PATIENCE).status == 503


@pytest.mark.parametrize("path", ["/moved", "/elsewhere"])
def test_no_redirect_is_followed(server: Server, path: str) -> None:
    """TK-12."""
    before = len(server.requests)
    assert fetch(f"{server.url}{path}", {}, PATIENCE).status == 302
    assert len(server.requests) == before + 1


@pytest.mark.parametrize("path", ["/cut", "/no-http", "/nothing"])
def test_what_is_no_whole_answer_is_an_error_of_the_network(server: Server, path: str) -> None:
    with pytest.raises(OSError, match=r"."):
        fetch(f"{server.url}{path}", {}, PATIENCE)


def test_an_answer_that_is_too_long_is_not_read_to_its_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorward.guard.fetch, "MAX_BYTES", 10)
    with pytest.raises(OSError, match="more than 10 bytes"):
        fetch(f"{server.url}/long", {}, PATIENCE)


def test_a_server_that_does_not_go_on_is_given_up(server: Server) -> None:
    with pytest.raises(TimeoutError):
        fetch(f"{server.url}/never", {}, 0.05)


def test_a_server_that_sends_its_headers_in_drops_is_given_up() -> None:
    """Each drop comes in time, and all of them together do not."""
    ours, theirs = socket.socketpair()
    stopped = Event()

    def drip() -> None:
        theirs.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        with suppress(OSError):
            while not stopped.wait(0.005):
                theirs.sendall(b"x")

    dripping = Thread(target=drip, daemon=True)
    dripping.start()
    ours.settimeout(0.05)
    try:
        with pytest.raises(TimeoutError):
            PunctualResponse(ours).begin()
    finally:
        stopped.set()
        dripping.join()
        ours.close()
        theirs.close()


def test_no_proxy_stands_between_programs_of_one_machine(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys come over plain http only because nobody is on the way."""
    for each in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    doorward.guard.fetch.opener.cache_clear()
    assert fetch(f"{server.url}/good", {}, PATIENCE).body == b"good"
    doorward.guard.fetch.opener.cache_clear()


def test_where_nobody_listens_is_an_error_of_the_network() -> None:
    with pytest.raises(OSError, match="refused"):
        fetch(f"http://127.0.0.1:{free_port()}/", {}, PATIENCE)
