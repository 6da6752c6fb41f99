"""A database server that seems to be far away: a proxy that keeps every byte for half of a round trip."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from urllib.parse import urlsplit

CHUNK = 65_536


@dataclass(slots=True)
class DistantServer:
    """The proxy. The distance may be changed at any time, and counts from the next byte on.

    It counts how often a client sent something: with MySQL's protocol each is a round trip, but for the QUIT at the end
    of a connection. The round trip in which TCP connects is not among them.
    """

    behind: tuple[str, int]
    round_trip_seconds: float
    round_trips: int = 0
    connections: int = 0
    port: int = 0
    writers: set[StreamWriter] = field(default_factory=set)

    @property
    def one_way_seconds(self) -> float:
        return self.round_trip_seconds / 2

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        # A client sends nothing before TCP has connected, and the server speaks first. This proxy connects at once.
        await asyncio.sleep(3 * self.one_way_seconds)
        answers, server = await asyncio.open_connection(*self.behind)
        self.writers.add(server)
        answering = asyncio.create_task(self._pass(answers, writer, lambda: None))
        await self._pass(reader, server, self._count)
        await answering
        self.writers -= {writer, server}

    def _count(self) -> None:
        self.round_trips += 1

    async def _pass(self, reader: StreamReader, writer: StreamWriter, count: Callable[[], None]) -> None:
        """Pass on everything, and then the end."""
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            while part := await reader.read(CHUNK):
                count()
                loop.call_later(self.one_way_seconds, writer.write, part)
        await asyncio.sleep(self.one_way_seconds)
        writer.close()


@contextmanager
def far_away(url: str, round_trip_seconds: float, port: int = 0) -> Iterator[tuple[DistantServer, str]]:
    """Yield the server of that URL at that distance, and the URL by which it is reached. The proxy runs in a thread."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    server = DistantServer((parts.hostname, parts.port or 3306), round_trip_seconds)
    loop = asyncio.new_event_loop()
    listener = loop.run_until_complete(asyncio.start_server(server, "127.0.0.1", port))
    server.port = listener.sockets[0].getsockname()[1]
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server, at_port(url, server.port)
    finally:
        asyncio.run_coroutine_threadsafe(end(listener, server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def at_port(url: str, port: int) -> str:
    """The URL with another port of this machine."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}").geturl()


async def end(listener: asyncio.Server, server: DistantServer) -> None:
    """Close all connections, and end what still waits."""
    listener.close()
    for writer in server.writers:
        writer.transport.abort()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await listener.wait_closed()
