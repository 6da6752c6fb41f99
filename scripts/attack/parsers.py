"""Requests that are as expensive as the limits allow, beside honest requests."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from attack.row import Row, tried
from attack.target import Target
from bench.connections import Connection
from support.http.worst_requests import REQUESTS, Worst

CONNECTIONS = 16
LEAST_SHARE = 1 / 3
ACCEPT_LANGUAGE = Worst(headers=lambda _: [(b"accept-language", b"en;q=0.5," * 6_000)])
PLAIN = Worst()

KINDS = {
    "query": REQUESTS["query"],
    "form": REQUESTS["form"],
    "cookies": REQUESTS["cookies"],
    "If-None-Match": REQUESTS["If-None-Match"],
    "JSON members": REQUESTS["JSON members"],
    "token": REQUESTS["token"],
    "header of a token": REQUESTS["header of a token"],
    "Basic": REQUESTS["Basic"],
    "Accept-Language": ACCEPT_LANGUAGE,
    "X-Forwarded-For": REQUESTS["X-Forwarded-For"],
}


@dataclass(frozen=True, slots=True)
class Window:
    """How long is measured, beside plain requests as beside expensive ones."""

    seconds: float
    rounds: int


def worst_requests(target: Target) -> Iterator[Row]:
    """For each parser, 16 connections send the most expensive request that is allowed, and 16 others honest requests to
    a guarded route. Held: the honest ones keep at least a third of the rate that they have beside 16 connections of
    `GET /api/test/all`, measured in turn in the same run."""
    honest = raw(target, Worst(path="/api/test/user", headers=lambda _: bearer(target)))
    window = Window(0.2, 2) if target.short else Window(0.4, 3)
    for name, worst in KINDS.items():
        measure = partial(beside, target, name, worst, honest, window)
        yield tried(f"worst {name}", measure)


def bearer(target: Target) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", f"Bearer {target.service.admin.token}".encode())]


def beside(target: Target, name: str, worst: Worst, honest: bytes, window: Window) -> Row:
    """Measure the honest requests beside plain ones and beside the worst ones, in turn."""
    bad, plain = raw(target, worst), raw(target, PLAIN)
    usual = reached = 0
    for _ in range(window.rounds):
        usual += asyncio.run(honest_answers(target, honest, plain, window.seconds))
        reached += asyncio.run(honest_answers(target, honest, bad, window.seconds))
    share = reached / max(usual, 1)
    return Row(
        attack=f"worst {name}",
        sent=f"{len(bad):,} bytes, over and over, on {CONNECTIONS} connections",
        came_back=f"honest requests kept {share:.2f} of their rate",
        held=share >= LEAST_SHARE,
    )


async def honest_answers(target: Target, honest: bytes, other: bytes, seconds: float) -> int:
    """Return how many honest requests were answered with 200 in that time."""
    end = perf_counter() + seconds
    good = [repeated(target, honest, end) for _ in range(CONNECTIONS)]
    others = [repeated(target, other, end) for _ in range(CONNECTIONS)]
    counts = await asyncio.gather(*good, *others)
    return sum(answers.get(200, 0) for answers in counts[:CONNECTIONS])


async def repeated(target: Target, request: bytes, end: float) -> dict[int, int]:
    """Send the request until the time is over. Return how often each status came."""
    counts: dict[int, int] = {}
    connection = await Connection.open(target.service.url)
    while perf_counter() < end:
        try:
            status = (await connection.ask(request)).status
            counts[status] = counts.get(status, 0) + 1
        except (OSError, EOFError):  # a refusal may end the connection
            connection.close()
            connection = await Connection.open(target.service.url)
    connection.close()
    return counts


def raw(target: Target, worst: Worst) -> bytes:
    """Return the bytes of a request with as many parts as are answered."""
    body = b"".join(worst.body(worst.parts))
    query = worst.query(worst.parts)
    line = f"{'POST' if body else 'GET'} {worst.path}".encode() + (b"?" + query if query else b"") + b" HTTP/1.1"
    headers = [(b"host", f"{target.host}:{target.port}".encode()), *worst.headers(worst.parts)]
    if body:
        headers.append((b"content-length", str(len(body)).encode()))
    return b"\r\n".join([line, *(name + b": " + value for name, value in headers), b"", b""]) + body
