"""Sends large bodies in chunks, and limits how many bytes of them wait for clients that read slowly.

A server takes a body that is sent whole into its memory, for each client anew, until the client has read it. While a
body is sent in chunks, Granian makes the application wait until the client reads.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final, final

import structlog
from litestar.types import HTTPScope, Send
from litestar.types.asgi_types import HTTPResponseBodyEvent

from doorward.interfaces.http.config import LargeAnswerLimits
from doorward.interfaces.http.edge.addresses import subscriber_of
from doorward.interfaces.http.edge.connections import ConnectionCloser
from doorward.interfaces.http.edge.log_pace import LogPace
from doorward.interfaces.http.errors.refusals import TooManyLargeAnswers

MAX_WHOLE_BYTES: Final = 64 * 1024
"""A larger body is sent in chunks."""

CHUNK_BYTES: Final = 16 * 1024

SERVER_BUFFER_BYTES: Final = 160 * 1024
"""What Granian holds of a body that is sent in chunks: a buffer of 64 KiB, the chunk that overfills it, four chunks in
a queue, and the one that waits for room there."""

logger = structlog.get_logger()


@final
class LargeAnswers:
    """Sends large bodies, and counts what waits for the clients of all connections of a process together.

    A body counts once, however many clients it is sent to at the same time, because they share it. In addition each
    answer counts SERVER_BUFFER_BYTES.
    """

    def __init__(self, limits: LargeAnswerLimits, seconds: Callable[[], float] = monotonic) -> None:
        """`seconds` is a monotonic clock, for the log."""
        self._limits = limits
        self._closer = ConnectionCloser()
        self._users: Counter[int] = Counter()
        """How many answers have each body, by the `id` of the body, which is not used again meanwhile."""
        self._of_address: Counter[str] = Counter()
        self.waiting_bytes = 0
        self._unlogged: Counter[str] = Counter()
        self._pace = LogPace(seconds)

    async def send(self, message: HTTPResponseBodyEvent, scope: HTTPScope, send: Send) -> None:
        """Send the message by `send` in chunks. Raise TooManyLargeAnswers before the first one, and TimeoutError if the
        client reads too slowly; its connection is then closed."""
        body = message["body"]
        with self._counted(body, subscriber_of(scope["state"]["ip"])):
            try:
                for start in range(0, len(body), CHUNK_BYTES):
                    end = start + CHUNK_BYTES
                    more = end < len(body) or message.get("more_body", False)
                    async with asyncio.timeout(self._limits.chunk_seconds):
                        await send({"type": "http.response.body", "body": body[start:end], "more_body": more})
            except TimeoutError:
                self._log("client_too_slow")
                self._closer.close_soon(scope["client"])
                raise

    @contextmanager
    def _counted(self, body: bytes, address: str) -> Iterator[None]:
        """Count the body while it is sent. Raise TooManyLargeAnswers beyond the limits."""
        key = id(body)
        size = SERVER_BUFFER_BYTES + (0 if key in self._users else len(body))
        if self.waiting_bytes + size > self._limits.max_bytes:
            self._log("process_limit")
            raise TooManyLargeAnswers(cause="process_limit")
        if self._of_address[address] + size > self._limits.max_bytes_of_address:
            self._log("address_limit")
            raise TooManyLargeAnswers(cause="address_limit")
        self._users[key] += 1
        self._of_address[address] += size
        self.waiting_bytes += size
        try:
            yield
        finally:
            self._users[key] -= 1
            self.waiting_bytes -= SERVER_BUFFER_BYTES
            if not self._users[key]:
                del self._users[key]
                self.waiting_bytes -= len(body)
            self._of_address[address] -= size
            if not self._of_address[address]:
                del self._of_address[address]

    def _log(self, reason: str) -> None:
        """Log what happened since the last line, at most once a second."""
        self._unlogged[reason] += 1
        if not self._pace.allows_a_line():
            return
        unlogged, self._unlogged = self._unlogged, Counter()
        for each, count in unlogged.items():
            logger.warning("large_answers_stopped", reason=each, count=count, waiting_bytes=self.waiting_bytes)
