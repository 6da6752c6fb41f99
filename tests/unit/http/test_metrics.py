"""The metrics text: how counted requests appear in it, and its cache."""

from prometheus_client.parser import text_string_to_metric_families

from doorward.interfaces.http.metrics import METRICS_CACHE_SECONDS, REQUEST_COUNTS, CachedMetrics, metrics_text


def shows(text: bytes, route: str) -> bool:
    return route.encode() in text


def test_the_metrics_are_written_at_most_once_a_second() -> None:
    cached = CachedMetrics()
    first = cached.text(50.0)
    REQUEST_COUNTS.count("GET", "/counted-once-a-second", 200, 0.001)
    assert cached.text(50.0) is first
    assert shows(cached.text(50.0 + METRICS_CACHE_SECONDS), "/counted-once-a-second")


def test_the_published_histogram_holds_every_counted_request() -> None:
    for seconds in (0.0005, 0.004, 0.004, 3.0):
        REQUEST_COUNTS.count("GET", "/in-the-histogram", 200, seconds)
    published = {
        (sample.name.removeprefix("doorward_http_request_seconds_"), sample.labels.get("le")): sample.value
        for family in text_string_to_metric_families(metrics_text().decode())
        for sample in family.samples
        if family.name == "doorward_http_request_seconds" and sample.labels.get("route") == "/in-the-histogram"
    }
    bounds = ["0.001", "0.005", "0.025", "0.1", "0.5", "2.5", "+Inf"]
    assert [published["bucket", bound] for bound in bounds] == [1, 3, 3, 3, 3, 3, 4]
    assert published["count", None] == 4
    assert round(published["sum", None], 6) == 3.0085
