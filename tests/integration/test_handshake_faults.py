"""A connection to MySQL that fails while it is made, at any byte of what the server sends, is a refusal."""

import asyncio
import random
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest
import uvloop

from doorward.domain.errors import Unavailable
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.connection import Limits
from doorward.infrastructure.sql.schema import check_schema, migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from support.builders import a_user
from support.concurrent_load import GUARD, idle
from support.length import FULL
from support.storage_access import found

IMPATIENT = Limits(wait_seconds=0.2, pool_wait_seconds=0.1, lock_wait_seconds=1)
PATIENT = Limits(wait_seconds=40, pool_wait_seconds=20, lock_wait_seconds=1)
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
CHUNK = 65_536


@dataclass(slots=True)
class FaultyProxy:
    """Stands before a server. On each connection it passes on `intact` bytes of the server, and then has its fault."""

    behind: int
    fault: str = "close"
    intact: int = 1_000_000
    passed: int = 0
    """How many bytes of the server it has passed on in all."""
    clients: set[StreamWriter] = field(default_factory=set)

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.clients.add(writer)
        answers, server = await asyncio.open_connection("127.0.0.1", self.behind)
        passing = asyncio.create_task(self.pass_answers(answers, writer))
        with suppress(OSError):
            while part := await reader.read(CHUNK):
                server.write(part)
        passing.cancel()
        await asyncio.gather(passing, return_exceptions=True)
        server.close()
        writer.close()
        self.clients.discard(writer)

    async def pass_answers(self, answers: StreamReader, writer: StreamWriter) -> None:
        left = self.intact
        while left and (part := await answers.read(min(left, CHUNK))):
            writer.write(part)
            left -= len(part)
            self.passed += len(part)
        if self.fault == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            writer.transport.abort()
        elif self.fault == "garbage":
            writer.write(random.Random(self.intact).randbytes(300))
        elif self.fault == "close":
            writer.close()


@asynccontextmanager
async def proxy(url: DatabaseUrl) -> AsyncIterator[tuple[FaultyProxy, DatabaseUrl]]:
    """Yield the proxy and the URL of the database behind it. Every connection to it is closed at the end."""
    made = FaultyProxy(url.port)
    async with await asyncio.start_server(made, "127.0.0.1", 0) as listener:
        yield made, replace(url, host="127.0.0.1", port=listener.sockets[0].getsockname()[1])
        async with asyncio.timeout(GUARD):
            while made.clients:
                await asyncio.sleep(0)


async def outcomes(url: DatabaseUrl, limits: Limits) -> list[str]:
    """What a read and a transaction end in, each on a new connection. Any error but a refusal is let through."""
    storage, ada, found_out = SqlStorage.open(url, limits=limits), a_user(), []

    async def read() -> None:
        await found(storage, ada.id)

    async def transact() -> None:
        async with storage.transaction() as tx:
            await tx.users.get(ada.id)

    try:
        async with asyncio.timeout(GUARD):
            for work in (read, transact):
                try:
                    await work()
                    found_out.append("answered")
                except Unavailable:
                    found_out.append("refused")
                assert idle(storage)
    finally:
        await storage.close()
    return found_out


GREETING_BYTES = 70
"""No greeting of a server is shorter. Garbage in it cannot be taken for the answer to a statement."""


def offsets(fault: str, length: int) -> list[int]:
    """The bytes at which the connection fails: some, or with DOORWARD_TESTS=full nearly all."""
    if fault == "garbage":
        return [*range(GREETING_BYTES)] if FULL else [0, 40]
    return [*range(300), *range(300, length, 17)] if FULL else [0, 40, length // 2]


async def fail_everywhere(raw_url: str, fault: str) -> None:
    url = DatabaseUrl.parse(raw_url)
    async with proxy(url) as (server, behind):
        assert await outcomes(behind, PATIENT) == ["answered", "answered"]
        length = server.passed // 2
        server.fault = fault
        for offset in offsets(fault, length):
            server.intact = offset
            assert await outcomes(behind, IMPATIENT) == ["refused", "refused"] or fault == "garbage", offset
            if offset == 0 and fault != "stall":
                with pytest.raises(StartRefused, match="cannot be used"):
                    await check_schema(behind)
        server.intact = 1_000_000
        assert await outcomes(behind, PATIENT) == ["answered", "answered"]


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("fault", ["close", "reset", "stall", "garbage"])
def test_a_connection_that_fails_while_it_is_made_is_refused(
    mysql_url: str, fault: str, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """OP-04."""
    asyncio.run(migrate(DatabaseUrl.parse(mysql_url)))
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(fail_everywhere(mysql_url, fault))
