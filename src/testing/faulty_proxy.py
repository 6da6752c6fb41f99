"""A TCP proxy before a server, which cuts its connections, stalls them and loses answers."""

import asyncio
import random
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 65_536
EVERYTHING = 1_000_000
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
GARBAGE_BYTES = 300
CLOSING_SECONDS = 120
"""How long the end of the proxy waits until its clients have closed their connections."""


@dataclass(slots=True, eq=False)
class Line:
    """A connection through the proxy. `left` is how many bytes of the server it passes on before it has its fault."""

    writer: StreamWriter
    left: int

    def fail(self, fault: str, seed: int) -> None:
        if self.writer.is_closing():
            return
        if fault == "reset":
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.writer.transport.abort()
        elif fault == "garbage":
            self.writer.write(random.Random(seed).randbytes(GARBAGE_BYTES))
        elif fault == "close":
            self.writer.close()


@dataclass(slots=True)
class FaultyProxy:
    """Stands before a server. On each connection it passes on `intact` bytes of the server, and then has its fault.

    The faults are `close`, `reset` (the connection is closed by a RST), `garbage` (the server seems to send bytes that
    mean nothing), and `stall`: the connection stays open, and no byte comes.
    """

    behind: tuple[str, int]
    fault: str = "close"
    intact: int = EVERYTHING
    passed: int = 0
    """How many bytes of the server it has passed on in all."""
    lines: set[Line] = field(default_factory=set)

    def fail(self, fault: str) -> None:
        """Lose the next answer on each connection, which has this fault then. New connections have it at once."""
        self.fault, self.intact = fault, 0
        for line in self.lines:
            line.left = 0

    def cut(self) -> None:
        """Close all connections. New ones are served."""
        for line in self.lines:
            line.fail("reset", 0)

    def heal(self) -> None:
        """Close all connections, as a restart does, and serve new ones."""
        self.cut()
        self.intact = EVERYTHING

    async def wait_until_free(self) -> None:
        """Return when every connection is closed."""
        while self.lines:  # noqa: ASYNC110 a few turns of the loop
            await asyncio.sleep(0)

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        line = Line(writer, self.intact)
        self.lines.add(line)
        answers, server = await asyncio.open_connection(*self.behind)
        passing = asyncio.create_task(self._pass_answers(answers, line))
        with suppress(OSError):
            while part := await reader.read(CHUNK):
                server.write(part)
        passing.cancel()
        await asyncio.gather(passing, return_exceptions=True)
        server.close()
        writer.close()
        self.lines.discard(line)

    async def _pass_answers(self, answers: StreamReader, line: Line) -> None:
        while line.left and (part := await answers.read(min(line.left, CHUNK))):
            passed = part[: line.left]  # less, if the proxy began to fail meanwhile
            line.writer.write(passed)
            line.left -= len(passed)
            self.passed += len(passed)
        line.fail(self.fault, self.intact)


@asynccontextmanager
async def faulty_proxy(behind: tuple[str, int]) -> AsyncIterator[tuple[FaultyProxy, tuple[str, int]]]:
    """Yield a proxy before the server of that address, and its own address. At the end it waits until every connection
    to it is closed."""
    made = FaultyProxy(behind)
    async with await asyncio.start_server(made, "127.0.0.1", 0) as listener:
        yield made, ("127.0.0.1", listener.sockets[0].getsockname()[1])
        async with asyncio.timeout(CLOSING_SECONDS):
            await made.wait_until_free()
