"""What the service counts, for `/metrics`. Labels take few values: route templates, never paths.

Several workers share their figures through files when PROMETHEUS_MULTIPROC_DIR names a folder at import.
"""

import asyncio
import os
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Final, final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

REGISTRY = CollectorRegistry()
UNMATCHED = "unmatched"
GONE = 499
"""Counted in place of a status when the client left before there was one; never sent."""

BOUNDS: Final = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5)
"""Seconds that a request takes: upper ends of the histogram's buckets, the last of which has none."""

KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})

IN_FLIGHT = Gauge(
    "doorward_http_requests_in_flight",
    "Requests being answered.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
REQUESTS = Counter(
    "doorward_http_requests",
    "Requests answered, by method, route and status.",
    ["method", "route", "status"],
    registry=REGISTRY,
)
DURATION = Histogram(
    "doorward_http_request_seconds",
    "Time from the head of a request to the end of its answer.",
    ["route"],
    buckets=BOUNDS,
    registry=REGISTRY,
)
LOG_LINES_DROPPED = Gauge(
    "doorward_log_lines_dropped",
    "Log lines that found no room, because whoever reads the log is slow or gone.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
SIGN_INS = Counter("doorward_sign_ins", "Sign-ins, by outcome.", ["outcome"], registry=REGISTRY)
REFRESHES = Counter(
    "doorward_refreshes",
    "Refreshes of sessions: granted, retried (the answer was lost), refused, or reused (the token is in two hands).",
    ["outcome"],
    registry=REGISTRY,
)
REMEMBERED = 1.0
"""Seconds; writing the figures out takes longer than any other answer to a stranger."""

WATCHED: dict[Gauge, Callable[[], float]] = {}
ProcessCollector(registry=REGISTRY)


@dataclass(slots=True)
class Tally:
    """Requests of one kind since the last time that they were handed over."""

    count: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))


@final
class Traffic:
    """Requests, counted where each of them passes: in plain numbers, since Prometheus' own take as long as a tenth of a
    guarded request. They are handed over when somebody asks for the figures, and once a second among workers."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._tallies: dict[tuple[str, str, int], Tally] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """`route` is a template. Any method that HTTP does not know counts as `other`."""
        tally = self._tallies.get((method, route, status))
        if tally is None:
            method = method if method in KNOWN_METHODS else "other"
            tally = self._tallies.setdefault((method, route, status), Tally())
        tally.count += 1
        tally.seconds += seconds
        tally.buckets[bisect_left(BOUNDS, seconds)] += 1

    def hand_over(self) -> None:
        IN_FLIGHT.set(self.in_flight)
        tallies, self._tallies = self._tallies, {}
        for (method, route, status), tally in tallies.items():
            REQUESTS.labels(method, route, str(status)).inc(tally.count)
            duration = DURATION.labels(route)  # has no method for more than one observation
            duration._sum.inc(tally.seconds)  # noqa: SLF001
            for bucket, count in zip(duration._buckets, tally.buckets, strict=True):  # noqa: SLF001
                bucket.inc(count)

    async def keep_handing_over(self) -> None:
        """For ever, where others write the figures out, too; until cancelled."""
        try:
            while "PROMETHEUS_MULTIPROC_DIR" in os.environ:
                self.hand_over()
                await asyncio.sleep(REMEMBERED)
        finally:
            self.hand_over()


TRAFFIC: Final = Traffic()


@cache
def labelled(counter: Counter, outcome: str) -> Counter:
    return counter.labels(outcome)


def count_sign_in(outcome: str) -> None:
    """`outcome` is a word of the code, never of the client's."""
    labelled(SIGN_INS, outcome).inc()


def count_refresh(outcome: str) -> None:
    """Likewise."""
    labelled(REFRESHES, outcome).inc()


def watch(gauge: Gauge, function: Callable[[], float]) -> None:
    """Set the gauge to what the function says whenever figures are asked for."""
    WATCHED[gauge] = function


def render() -> bytes:
    """Everything counted, in Prometheus' text format 0.0.4; of all workers, where they share their figures."""
    TRAFFIC.hand_over()
    for gauge, function in WATCHED.items():
        gauge.set(function())
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return generate_latest(shared)


@final
class Figures:
    """The figures as text, written out once a second however many ask."""

    def __init__(self) -> None:
        self._text = b""
        self._until = float("-inf")

    def text(self, now: float) -> bytes:
        """`now` in seconds of a clock that only grows."""
        if now >= self._until:
            self._text = render()
            self._until = now + REMEMBERED
        return self._text
