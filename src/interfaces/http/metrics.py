"""The service's metrics, for `/metrics`. Labels take few values: route templates, never paths.

Several workers share their metrics through files if PROMETHEUS_MULTIPROC_DIR names a folder when this is imported.
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

REGISTRY: Final = CollectorRegistry()
UNMATCHED: Final = "unmatched"
"""The route label of a request that no route matches."""

CLIENT_CLOSED_REQUEST: Final = 499
"""The status label of a request whose client left before the answer began. It is never sent."""

BUCKET_BOUNDS_SECONDS: Final = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5)
"""Upper bounds of the duration histogram's buckets. One more bucket has no bound."""

KNOWN_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
MULTIPROCESS_DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"

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
    "Time from the headers of a request to the end of its answer.",
    ["route"],
    buckets=BUCKET_BOUNDS_SECONDS,
    registry=REGISTRY,
)
LOG_LINES_DROPPED = Gauge(
    "doorward_log_lines_dropped",
    "Log lines dropped because the reader of the log is slow or has stopped.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
SIGN_INS = Counter("doorward_sign_ins", "Sign-ins, by outcome.", ["outcome"], registry=REGISTRY)
REFRESHES = Counter(
    "doorward_refreshes",
    "Refreshes of sessions: granted, retried (the answer was lost), limited (retried too often), refused, or reused "
    "(the token may be stolen).",
    ["outcome"],
    registry=REGISTRY,
)
LIMITED = Counter(
    "doorward_limited_requests",
    "Requests refused because their client, its network or everybody sent too many, by limit.",
    ["limit"],
    registry=REGISTRY,
)
METRICS_CACHE_SECONDS: Final = 1.0
"""Writing the metrics takes longer than any other answer to clients without a token."""

GAUGE_FUNCTIONS: Final[dict[Gauge, Callable[[], float]]] = {}
"""The function of each gauge that is set only when the metrics are requested."""

ProcessCollector(registry=REGISTRY)


@dataclass(slots=True)
class RequestCount:
    """Requests with the same labels since the last flush."""

    count: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKET_BOUNDS_SECONDS) + 1))


@final
class RequestCounts:
    """Counts every request in plain numbers, because Prometheus' own metrics would take a tenth of a guarded request.
    The numbers are flushed into those when the metrics are requested, and once a second among several workers."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._counts: dict[tuple[str, str, int], RequestCount] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request. `route` is a template. A method that HTTP does not define counts as `other`."""
        counted = self._counts.get((method, route, status))
        if counted is None:
            method = method if method in KNOWN_METHODS else "other"
            counted = self._counts.setdefault((method, route, status), RequestCount())
        counted.count += 1
        counted.seconds += seconds
        counted.buckets[bisect_left(BUCKET_BOUNDS_SECONDS, seconds)] += 1

    def flush(self) -> None:
        """Add the numbers to Prometheus' metrics."""
        IN_FLIGHT.set(self.in_flight)
        counts, self._counts = self._counts, {}
        for (method, route, status), counted in counts.items():
            REQUESTS.labels(method, route, str(status)).inc(counted.count)
            duration = DURATION.labels(route)  # its public method takes one observation at a time
            duration._sum.inc(counted.seconds)  # noqa: SLF001
            for bucket, count in zip(duration._buckets, counted.buckets, strict=True):  # noqa: SLF001
                bucket.inc(count)

    async def keep_flushing(self) -> None:
        """Flush once a second until cancelled if there are other workers, else only at the end."""
        try:
            while MULTIPROCESS_DIRECTORY in os.environ:
                self.flush()
                await asyncio.sleep(METRICS_CACHE_SECONDS)
        finally:
            self.flush()


REQUEST_COUNTS: Final = RequestCounts()


@cache
def labelled(counter: Counter, outcome: str) -> Counter:
    """Return the counter of that outcome. Without the cache, prometheus-client takes a lock for each look-up."""
    return counter.labels(outcome)


def count_sign_in(outcome: str) -> None:
    """Count one sign-in. `outcome` is a fixed word, never a text of the client."""
    labelled(SIGN_INS, outcome).inc()


def count_refresh(outcome: str) -> None:
    """Count one refresh. `outcome` is a fixed word, never a text of the client."""
    labelled(REFRESHES, outcome).inc()


def count_limited(limit: str) -> None:
    """Count one refused request. `limit` is a fixed word, never a text of the client."""
    labelled(LIMITED, limit).inc()


def measure_when_requested(gauge: Gauge, function: Callable[[], float]) -> None:
    """Set the gauge to the function's result whenever the metrics are requested. Prometheus' own `set_function` does
    not work with several workers."""
    GAUGE_FUNCTIONS[gauge] = function


def metrics_text() -> bytes:
    """Return all metrics in Prometheus' text format 0.0.4; those of all workers, if they share theirs."""
    REQUEST_COUNTS.flush()
    for gauge, function in GAUGE_FUNCTIONS.items():
        gauge.set(function())
    if MULTIPROCESS_DIRECTORY not in os.environ:
        return generate_latest(REGISTRY)
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return generate_latest(shared)


@final
class CachedMetrics:
    """The metrics as text, written at most once a second."""

    def __init__(self) -> None:
        self._text = b""
        self._expires_at_seconds = float("-inf")

    def text(self, now: float) -> bytes:
        """Return the metrics. `now` is the time of a monotonic clock, in seconds."""
        if now >= self._expires_at_seconds:
            self._text = metrics_text()
            self._expires_at_seconds = now + METRICS_CACHE_SECONDS
        return self._text
