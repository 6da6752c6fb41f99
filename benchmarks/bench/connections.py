"""A small HTTP/1.1 client with persistent connections. It uses little CPU time, which the servers need."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from peers.calls import Answer, Call

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked\r\n", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
ANSWER_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it was received.

    `head` is the status line and the headers, with the blank line. `body` may be in chunks.
    """

    head: bytes = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def status(self) -> int:
        return int(self.head[9:12])

    @property
    def length(self) -> int:
        return len(self.head) + len(self.body)

    @property
    def parsed(self) -> Answer:
        lines = self.head.decode("latin-1").split("\r\n")[1:-2]
        pairs = (line.partition(":") for line in lines)
        headers = tuple((name.lower(), value.strip()) for name, _, value in pairs)
        return Answer(status=self.status, headers=headers, body=self.body)


@dataclass(slots=True)
class Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, url: str) -> Self:
        host = urlsplit(url)
        return cls(*await asyncio.open_connection(host.hostname, host.port))

    async def ask(self, request: bytes) -> RawAnswer:
        """Send a request and return its answer. Raise OSError, EOFError or TimeoutError when it is incomplete."""
        async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
            self.writer.write(request)
            head = await self.reader.readuntil(END_OF_HEAD)
            if length := CONTENT_LENGTH.search(head):
                return RawAnswer(head, await self.reader.readexactly(int(length[1])))
            return RawAnswer(head, await self.reader.readuntil(LAST_CHUNK) if CHUNKED.search(head) else b"")

    def close(self) -> None:
        self.writer.close()


def request_bytes(url: str, call: Call) -> bytes:
    """A request as it is sent."""
    head = [f"{call.method} {call.path} HTTP/1.1", f"Host: {urlsplit(url).netloc}"]
    head += [f"{name}: {value}" for name, value in call.headers.items()]
    if call.body or call.method == "POST":
        head.append(f"Content-Length: {len(call.body)}")
    return "\r\n".join([*head, "", ""]).encode() + call.body


async def ask_once(url: str, request: bytes) -> RawAnswer:
    """Send one request over a connection of its own."""
    connection = await Connection.open(url)
    try:
        return await connection.ask(request)
    finally:
        connection.close()
