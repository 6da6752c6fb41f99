"""The network between a service and its database, which a test cuts and slows down."""

import asyncio
import random
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from urllib.parse import urlsplit

CHUNK = 65_536


@dataclass(slots=True)
class Direction:
    """What goes one way. What is sent while it is cut arrives when it is healed, as TCP repeats what got lost. A
    connection that is closed meanwhile is closed at the other end when it is healed."""

    loop: asyncio.AbstractEventLoop
    delay_seconds: float = 0.0
    lost: float = 0.0
    """The share of parts that arrive late, as packets do that had to be sent again."""
    late_seconds: float = 0.3
    passes: asyncio.Event = field(default_factory=asyncio.Event)
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def cut(self) -> None:
        self.loop.call_soon_threadsafe(self.passes.clear)

    def heal(self) -> None:
        self.loop.call_soon_threadsafe(self.passes.set)

    async def carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Pass on everything in its order, and then the end."""
        with suppress(OSError):
            while part := await reader.read(CHUNK):
                await asyncio.sleep(self.delay_seconds + self.late_seconds * (self.chance.random() < self.lost))
                await self.passes.wait()
                writer.write(part)
        await self.passes.wait()
        writer.close()


@dataclass(slots=True)
class Network:
    """A proxy before the database. Both directions pass everything at first."""

    behind: tuple[str, int]
    requests: Direction
    answers: Direction

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        answers, server = await asyncio.open_connection(*self.behind)
        await asyncio.gather(self.requests.carry(reader, server), self.answers.carry(answers, writer))

    def heal(self) -> None:
        """Deliver what was held back, and be quick again."""
        for direction in (self.requests, self.answers):
            direction.delay_seconds = direction.lost = 0.0
            direction.heal()


@contextmanager
def network(url: str) -> Iterator[tuple[Network, str]]:
    """A network before the database of that URL, and the URL by which it is reached. It runs in a thread."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    loop = asyncio.new_event_loop()
    made = Network((parts.hostname, parts.port or 3306), Direction(loop), Direction(loop))
    made.heal()
    listener = loop.run_until_complete(asyncio.start_server(made, "127.0.0.1", 0))
    port = listener.sockets[0].getsockname()[1]
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield made, parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}").geturl()
    finally:
        asyncio.run_coroutine_threadsafe(end(listener), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def end(listener: asyncio.Server) -> None:
    listener.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
