"""Large answers: they are sent in chunks, and what waits for clients that read slowly is limited."""

import asyncio
import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from doorward.interfaces.http.config import LargeAnswerLimits
from doorward.interfaces.http.edge import connections
from doorward.interfaces.http.edge.connections import ConnectionCloser, close_connections
from doorward.interfaces.http.edge.large_answers import CHUNK_BYTES, MAX_WHOLE_BYTES, SERVER_BUFFER_BYTES, LargeAnswers
from doorward.interfaces.http.edge.middleware import EdgeMiddleware
from doorward.testing.doubles import FrozenClock
from support.http.edge_driver import CONFIG, Reply, answer, ask, ignore

LARGE = bytes(range(256)) * 1024
ONE_ANSWER_BYTES = len(LARGE) + SERVER_BUFFER_BYTES
HERE, THERE = "192.0.2.1", "192.0.2.2"


@dataclass(slots=True)
class Documents:
    """An application with one large document, which all clients share, and one small one."""

    document: bytes = LARGE

    async def __call__(self, scope: Any, _: Any, send: Any) -> None:
        small = scope["path"] == "/health/live"
        await answer(send, 200, [], b"small" if small else self.document)


@dataclass(slots=True)
class Crowd:
    """Clients that read nothing until they are let."""

    edge: EdgeMiddleware
    reads: asyncio.Event = field(default_factory=asyncio.Event)
    asking: list[asyncio.Task[Reply]] = field(default_factory=list)

    async def ask(self, number: int, peer: str = HERE) -> None:
        """Let so many more clients ask for the large document, and return when the edge waits for all of them."""
        asked = [ask(self.edge, peer=peer, edge=self.edge, take=self.reads.wait) for _ in range(number)]
        self.asking += map(asyncio.create_task, asked)
        for _ in range(5):
            await asyncio.sleep(0)

    async def read(self) -> list[Reply]:
        """Let all of them read, and return their complete answers."""
        self.reads.set()
        return await asyncio.gather(*self.asking)


def an_edge(app: Any = None, **limits: Any) -> EdgeMiddleware:
    return EdgeMiddleware(app or Documents(), replace(CONFIG, large_answers=LargeAnswerLimits(**limits)), ignore)


def waiting_bytes(edge: EdgeMiddleware) -> int:
    return edge.large_answers.waiting_bytes


@pytest.fixture
def log() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


async def test_a_large_body_is_sent_in_chunks_and_a_smaller_one_whole() -> None:
    """OP-07."""
    for size in (MAX_WHOLE_BYTES + 1, len(LARGE), 5 * CHUNK_BYTES):
        reply = await ask(Documents(LARGE[:size]))
        assert reply.body == LARGE[:size]
        assert reply.header("content-length") == str(size)
        bodies: list[Any] = reply.messages[1:]
        assert max(len(message["body"]) for message in bodies) == CHUNK_BYTES
        assert [message["more_body"] for message in bodies] == [True] * (len(bodies) - 1) + [False]
    reply = await ask(Documents(LARGE[:MAX_WHOLE_BYTES]))
    assert len(reply.messages) == 2
    assert len(reply.body) == MAX_WHOLE_BYTES


async def test_an_answer_to_head_has_the_length_and_no_body() -> None:
    reply = await ask(Documents(), "HEAD")
    assert (reply.header("content-length"), reply.body) == (str(len(LARGE)), b"")


async def test_beyond_the_limit_of_a_process_large_answers_are_refused_and_others_are_given(log: list[Any]) -> None:
    """OP-07: until clients have read."""
    edge = an_edge(max_bytes=ONE_ANSWER_BYTES + 2 * SERVER_BUFFER_BYTES)
    crowd = Crowd(edge)
    await crowd.ask(3)
    assert waiting_bytes(edge) == ONE_ANSWER_BYTES + 2 * SERVER_BUFFER_BYTES, "the body is counted once"
    refused = await ask(edge, peer=THERE, edge=edge)
    assert (refused.status, refused.code) == (503, "too_many_large_answers")
    assert refused.header("retry-after") == "1"
    assert (await ask(edge, path="/health/live", edge=edge)).body == b"small"
    assert [(line["event"], line["reason"], line["count"]) for line in log] == [
        ("large_answers_stopped", "process_limit", 1)
    ]
    assert {reply.body for reply in await crowd.read()} == {LARGE}
    assert waiting_bytes(edge) == 0
    assert (await ask(edge, peer=THERE, edge=edge)).body == LARGE


@pytest.mark.parametrize(("here", "there"), [(HERE, THERE), ("2001:db8:1:2::7", "2001:db8:1:3::7")])
async def test_one_address_gets_a_part_and_others_are_served(here: str, there: str, log: list[Any]) -> None:
    """OP-07."""
    clock, edge = FrozenClock(), an_edge()
    limits = LargeAnswerLimits(max_bytes_of_address=ONE_ANSWER_BYTES + SERVER_BUFFER_BYTES)
    edge.large_answers = LargeAnswers(limits, clock.monotonic)
    crowd = Crowd(edge)
    await crowd.ask(2, here)
    for _ in range(20):
        assert (await ask(edge, peer=here, edge=edge)).code == "too_many_large_answers"
    assert (await ask(edge, peer=there, edge=edge)).body == LARGE
    assert [(line["reason"], line["count"]) for line in log] == [("address_limit", 1)]
    clock.move(1)
    assert (await ask(edge, peer=here, edge=edge)).status == 503
    assert (log[-1]["reason"], log[-1]["count"], len(log)) == ("address_limit", 20, 2), "one line a second"
    await crowd.read()
    assert (await ask(edge, peer=here, edge=edge)).body == LARGE


async def test_a_body_is_counted_until_the_last_of_its_clients_has_read_it() -> None:
    """OP-07."""
    edge = an_edge()
    first, second = Crowd(edge), Crowd(edge)
    await first.ask(1)
    await second.ask(1, THERE)
    await first.read()
    assert waiting_bytes(edge) == ONE_ANSWER_BYTES
    await second.read()
    assert waiting_bytes(edge) == 0


async def test_a_client_that_takes_no_chunk_in_time_loses_its_connection(
    log: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """OP-07: which is no error of the service."""
    closed: list[set[tuple[str, str]]] = []
    monkeypatch.setattr(connections, "GATHER_SECONDS", 0)
    monkeypatch.setattr(connections, "close_connections", closed.append)
    edge = an_edge(chunk_seconds=0)
    crowd = Crowd(edge)
    await crowd.ask(2)
    for reply in await asyncio.gather(*crowd.asking):
        assert not reply.messages
    await asyncio.sleep(0)
    assert closed == [{(HERE, "50000")}]
    assert waiting_bytes(edge) == 0
    assert [(line["event"], line["reason"]) for line in log] == [("large_answers_stopped", "client_too_slow")]
    assert (await ask(edge, edge=edge)).body == LARGE, "a client that reads at once has no deadline"


async def test_a_connection_that_could_not_be_closed_is_closed_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """OP-07: looking for connections takes a descriptor, and clients that do not read may hold all of them."""
    closed: list[set[tuple[str, str]]] = []

    def close(peers: set[tuple[str, str]]) -> None:
        closed.append(peers)
        if len(closed) == 1:
            raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(connections, "GATHER_SECONDS", 0)
    monkeypatch.setattr(connections, "close_connections", close)
    closer = ConnectionCloser()
    closer.close_soon((HERE, 50_000))
    for _ in range(4):
        await asyncio.sleep(0)
    assert closed == [{(HERE, "50000")}] * 2
    closer.close_soon((THERE, 50_001))
    for _ in range(2):
        await asyncio.sleep(0)
    assert closed[2:] == [{(THERE, "50001")}]


def test_without_a_free_descriptor_nothing_is_taken_for_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """OP-07."""

    def refuse(_: int) -> int:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(os, "dup", refuse)
    with pytest.raises(OSError, match="too many open files"):
        close_connections({(HERE, "50000")})


async def test_what_an_application_sends_in_parts_may_have_a_large_part() -> None:
    async def parts(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for more in (True, False):
            await send({"type": "http.response.body", "body": LARGE, "more_body": more})

    assert (await ask(parts)).body == LARGE * 2


def test_a_connection_is_closed_by_the_address_of_its_client_and_others_stay() -> None:
    """OP-07: what the client has not read is dropped."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        clients = [stack.enter_context(socket.create_connection(listening.getsockname())) for _ in range(2)]
        servers = {}
        for _ in clients:
            connection, peer = listening.accept()
            servers[peer] = stack.enter_context(connection)
        gone, stays = (client.getsockname() for client in clients)
        close_connections({(gone[0], str(gone[1]))})
        assert clients[0].recv(1) == b""
        with pytest.raises(BrokenPipeError):
            servers[gone].send(b"x")
        servers[stays].sendall(b"x")
        assert clients[1].recv(1) == b"x"
