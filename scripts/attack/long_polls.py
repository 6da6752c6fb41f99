import asyncio
from collections.abc import Iterator
from functools import partial

from attack.row import Row, tried
from attack.target import Target
from bench.connections import Connection
from support.http.raw_http import request

PER_ADDRESS = 32
MORE = 16
ANSWERED_AT_ONCE_SECONDS = 1.5


def long_polls_of_one_address(target: Target) -> Iterator[Row]:
    """Opens more requests that wait for the revocation list than one address may have, all to one process. Held: those
    beyond the limit are answered at once, so that places remain for others."""
    yield tried("long polls of one address", partial(polled, target))


def polled(target: Target) -> Row:
    if target.own is None:
        return Row.skipped("long polls of one address", "how many processes share the connections is not known")
    tag = target.service.request("GET", "/.well-known/revocations").headers["etag"]
    waiting = asyncio.run(still_waiting(target, tag))
    return Row(
        attack="long polls of one address",
        sent=f"{PER_ADDRESS + MORE} requests that wait for the list",
        came_back=f"{waiting} wait, {PER_ADDRESS + MORE - waiting} were answered at once",
        held=0 < waiting <= PER_ADDRESS,
    )


async def still_waiting(target: Target, tag: str) -> int:
    """Return how many requests have no answer after a while."""
    line, host = "GET /.well-known/revocations HTTP/1.1", f"{target.host}:{target.port}"
    poll = request(line, f"If-None-Match: {tag}", "Prefer: wait=25", host=host)
    connections = [await Connection.open(target.service.url) for _ in range(PER_ADDRESS + MORE)]
    polls = [asyncio.create_task(each.ask(poll)) for each in connections]
    _, waiting = await asyncio.wait(polls, timeout=ANSWERED_AT_ONCE_SECONDS)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*polls, return_exceptions=True)
    for connection in connections:
        connection.close()
    return len(waiting)
