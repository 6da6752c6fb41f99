"""The cache of the metrics text."""

from doorward.interfaces.http.metrics import METRICS_CACHE_SECONDS, REQUEST_COUNTS, CachedMetrics


def shows(text: bytes, route: str) -> bool:
    return route.encode() in text


def test_the_metrics_are_written_at_most_once_a_second() -> None:
    cached = CachedMetrics()
    first = cached.text(50.0)
    REQUEST_COUNTS.count("GET", "/counted-once-a-second", 200, 0.001)
    assert cached.text(50.0) is first
    assert shows(cached.text(50.0 + METRICS_CACHE_SECONDS), "/counted-once-a-second")
