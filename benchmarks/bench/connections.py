"""HTTP/1.1 over connections that stay open, at the least cost to the machine that everybody shares."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from peers.calls import Answer, Call

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked\r\n", re.IGNORECASE)
BLANK = b"\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
PATIENCE = 30.0
"""Seconds after which an answer does not come any more."""


@dataclass(frozen=True, slots=True)
class Reply:
    """As it came: a head with its blank line, and a body, which may be in chunks."""

    head: bytes = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def status(self) -> int:
        return int(self.head[9:12])

    @property
    def length(self) -> int:
        return len(self.head) + len(self.body)

    @property
    def answer(self) -> Answer:
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

    async def ask(self, request: bytes) -> Reply:
        """Raise OSError, EOFError or TimeoutError when no whole answer comes."""
        async with asyncio.timeout(PATIENCE):
            self.writer.write(request)
            head = await self.reader.readuntil(BLANK)
            if length := LENGTH.search(head):
                return Reply(head, await self.reader.readexactly(int(length[1])))
            return Reply(head, await self.reader.readuntil(LAST_CHUNK) if CHUNKED.search(head) else b"")

    def close(self) -> None:
        self.writer.close()


def raw(url: str, call: Call) -> bytes:
    """A request as it goes over the wire."""
    head = [f"{call.method} {call.path} HTTP/1.1", f"Host: {urlsplit(url).netloc}"]
    head += [f"{name}: {value}" for name, value in call.headers.items()]
    if call.body or call.method == "POST":
        head.append(f"Content-Length: {len(call.body)}")
    return "\r\n".join([*head, "", ""]).encode() + call.body


async def asked_once(url: str, request: bytes) -> Reply:
    connection = await Connection.open(url)
    try:
        return await connection.ask(request)
    finally:
        connection.close()
