"""More sign-ins than there can be: they come when they come, however long the others take."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from bench.connections import Connection, Reply, raw
from bench.people import told_to_wait
from peers.calls import Call


@dataclass(slots=True)
class Overload:
    """Milliseconds until an answer: of those that were let in, and of those that were told to come again."""

    offered: float
    """A second."""
    granted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def note(self, call: Call, reply: Reply, milliseconds: float) -> None:
        if call.is_met_by(reply.answer):
            self.granted.append(milliseconds)
        elif told_to_wait(reply):
            self.refused.append(milliseconds)
        else:
            self.errors.append(f"{reply.status} {reply.body[:200]!r}")


async def offered(url: str, calls: Sequence[Call], rate: float, seconds: float) -> Overload:
    """So many a second, one after the other at even distances, whatever becomes of them."""
    overload, free, loop = Overload(rate), list[Connection](), asyncio.get_running_loop()
    began = loop.time()

    async def one(number: int) -> None:
        await asyncio.sleep(began + number / rate - loop.time())
        call, asked = calls[number % len(calls)], perf_counter()
        try:
            connection = free.pop() if free else await Connection.open(url)
            overload.note(call, await connection.ask(raw(url, call)), (perf_counter() - asked) * 1000)
            free.append(connection)
        except (OSError, EOFError) as error:
            overload.errors.append(repr(error))

    await asyncio.gather(*(one(number) for number in range(int(rate * seconds))))
    for connection in free:
        connection.close()
    return overload
