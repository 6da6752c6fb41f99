"""Sends more sign-ins than a server can answer, at a fixed rate that does not depend on its answers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from bench.connections import Connection, RawAnswer, request_bytes
from bench.mixed_load import retry_after_seconds
from peers.calls import Call


@dataclass(slots=True)
class Overload:
    """The latencies in milliseconds of sign-ins that were granted, and of those that were rejected with 503."""

    offered: float
    """Sign-ins per second."""
    granted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def record(self, call: Call, answer: RawAnswer, milliseconds: float) -> None:
        if call.accepts(answer.parsed):
            self.granted.append(milliseconds)
        elif retry_after_seconds(answer):
            self.refused.append(milliseconds)
        else:
            self.errors.append(f"{answer.status} {answer.body[:200]!r}")


async def offer(url: str, calls: Sequence[Call], rate: float, seconds: float) -> Overload:
    """Send `rate` calls per second at even intervals."""
    overload, idle, loop = Overload(rate), list[Connection](), asyncio.get_running_loop()
    start = loop.time()

    async def send(number: int) -> None:
        await asyncio.sleep(start + number / rate - loop.time())
        call, sent = calls[number % len(calls)], perf_counter()
        try:
            connection = idle.pop() if idle else await Connection.open(url)
            answer = await connection.ask(request_bytes(url, call))
            overload.record(call, answer, (perf_counter() - sent) * 1000)
            idle.append(connection)
        except (OSError, EOFError) as error:
            overload.errors.append(repr(error))

    await asyncio.gather(*(send(number) for number in range(int(rate * seconds))))
    for connection in idle:
        connection.close()
    return overload
