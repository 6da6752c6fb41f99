"""The headers of every answer, the answers to exceptions, and metrics and log lines of requests."""

from dataclasses import replace
from typing import Any

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families
from structlog.contextvars import merge_contextvars

from doorward.domain.errors import DomainError, StorageUnavailable, Throttled
from doorward.interfaces.http import metrics
from doorward.interfaces.http.edge.middleware import EdgeMiddleware
from support.http.edge_driver import CONFIG, HOST, JSON, Application, Header, Reply, ask, ignore, post

APP_ORIGIN = "https://app.example.com"
SECURITY = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


async def broken(*_: Any) -> None:
    raise RuntimeError("SELECT secret FROM /srv/doorward")


async def silent(*_: Any) -> None:
    """Sends no answer."""


async def half(_: Any, __: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise RuntimeError("too late")


async def started(_: Any, __: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"b")]})
    raise RuntimeError("just in time")


@pytest.mark.parametrize(
    ("app", "options", "status"),
    [
        (Application(), {}, 200),
        (Application(), {"path": "/nowhere"}, 404),
        (Application(), {"path": "//"}, 404),
        (Application(), {"method": "POST"}, 405),
        (Application(), {"host": ()}, 400),
        (Application(), {"host": [(b"host", b"evil.example")]}, 421),
        (Application(), {"query": b"token=x"}, 400),
        (Application(), {"method": "POST", "headers": [(b"content-length", b"10000000000")]}, 413),
        (Application(status=429), {}, 429),
        (broken, {}, 500),
        (silent, {}, 500),
    ],
)
async def test_every_answer_carries_the_security_headers(app: Any, options: dict[str, Any], status: int) -> None:
    """HT-01, HT-03."""
    with structlog.testing.capture_logs():
        reply = await ask(app, **options)
    assert reply.status == status
    assert {name: reply.header(name) for name in SECURITY} == SECURITY
    assert reply.header("content-type")
    assert reply.header("x-request-id")
    assert not reply.header("server")
    assert reply.header("strict-transport-security") is None


async def test_answers_over_tls_carry_hsts() -> None:
    """HT-01."""
    reply = await ask(Application(), https=True)
    assert reply.header("strict-transport-security") == "max-age=31536000; includeSubDomains"


async def test_the_application_may_set_its_own_policy_and_lifetime() -> None:
    own = ((b"content-security-policy", b"default-src 'self'"), (b"cache-control", b"max-age=60"))
    reply = await ask(Application(headers=own))
    assert reply.header("content-security-policy") == "default-src 'self'"
    assert reply.header("cache-control") == "max-age=60"
    reply = await ask(Application(headers=own[1:]))
    assert reply.header("content-security-policy") == SECURITY["content-security-policy"]
    assert reply.header("cache-control") == "max-age=60"


async def test_the_application_cannot_change_the_other_fixed_headers() -> None:
    """HT-03."""
    own = ((b"server", b"litestar/2"), (b"x-content-type-options", b"sniff"), (b"x-request-id", b"other"))
    reply = await ask(Application(headers=own))
    assert reply.header("server") == ""
    assert reply.header("x-content-type-options") == "nosniff"
    assert reply.header("x-request-id") != "other"


class ThrottledForSevenSeconds(Throttled):
    retry_after = 7


@pytest.mark.parametrize(
    ("refusal", "status", "seconds"),
    [(StorageUnavailable(cause="test"), 503, "1"), (Throttled(), 429, "1"), (ThrottledForSevenSeconds(), 429, "7")],
)
async def test_a_refusal_that_may_be_retried_carries_retry_after_once(
    refusal: DomainError, status: int, seconds: str
) -> None:
    async def app(*_: Any) -> None:
        raise refusal

    reply = await ask(app)
    assert (reply.status, reply.header("retry-after")) == (status, seconds)


async def test_the_applications_own_retry_after_is_not_changed() -> None:
    reply = await ask(Application(status=503, headers=((b"retry-after", b"7"),)))
    assert (reply.status, reply.header("retry-after")) == (503, "7")


async def test_without_configured_origins_no_answer_has_cors_headers() -> None:
    """CO-02."""
    headers = [(b"origin", APP_ORIGIN.encode()), (b"access-control-request-method", b"POST")]
    for method in ("GET", "OPTIONS"):
        reply = await ask(Application(), method, headers=headers)
        assert not [name for name, _ in reply.headers if name.startswith(b"access-control") or name == b"vary"]


async def from_origin(origin: str, method: str = "GET", *more: Header, path: str = "/api/test/all") -> Reply:
    headers = [(b"origin", origin.encode()), *more]
    return await ask(
        Application(), method, path, headers, cors_origins=frozenset({APP_ORIGIN}), cors_headers=("traceparent",)
    )


@pytest.mark.parametrize("path", ["/api/test/all", "/nowhere", "//"])
async def test_an_allowed_origin_is_echoed(path: str) -> None:
    """CO-02: on errors too; otherwise a browser hides them from the page."""
    reply = await from_origin(APP_ORIGIN, path=path)
    assert reply.header("access-control-allow-origin") == APP_ORIGIN
    assert reply.header("access-control-expose-headers") == "X-Request-Id, Retry-After, Location"
    assert reply.header("access-control-allow-credentials") == "true"
    assert reply.header("vary") == "Origin"


OTHER_ORIGINS = [
    "https://appXexample.com",
    "https://app.example.com.evil.example",
    "https://x.app.example.com",
    "https://example.com",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com:443",
    "https://APP.example.com",
    "https://app.example.com/",
    "https://app.example.com ",
    "null",
    "*",
    "",
]


async def test_another_origin_gets_no_cors_headers() -> None:
    """CO-02."""
    for origin in OTHER_ORIGINS:
        for method in ("GET", "OPTIONS"):
            reply = await from_origin(origin, method, (b"access-control-request-method", b"POST"))
            assert not [name for name, _ in reply.headers if name.startswith(b"access-control")]
            assert reply.header("vary") == "Origin"


async def test_a_preflight_of_an_allowed_origin_is_answered() -> None:
    """CO-02."""
    reply = await from_origin(APP_ORIGIN, "OPTIONS", (b"access-control-request-method", b"POST"))
    assert (reply.status, reply.body) == (204, b"")
    assert reply.header("access-control-allow-origin") == APP_ORIGIN
    assert (
        reply.header("access-control-allow-headers")
        == "Authorization, Content-Type, X-Access-Token, X-Request-Id, traceparent"
    )
    assert "DELETE" in str(reply.header("access-control-allow-methods"))
    assert "Origin" in str(reply.header("vary"))


async def test_a_public_document_may_be_read_by_every_origin_without_credentials() -> None:
    document = Application(headers=((b"access-control-allow-origin", b"*"),))
    for origin in ("https://elsewhere.example", "null"):
        reply = await ask(document, headers=[(b"origin", origin.encode())], cors_origins=frozenset({APP_ORIGIN}))
        names = [name for name, _ in reply.headers if name.startswith(b"access-control") or name == b"vary"]
        assert names == [b"access-control-allow-origin"]
        assert reply.header("access-control-allow-origin") == "*"


async def test_an_allowed_origin_reads_a_public_document_with_credentials_too() -> None:
    document = Application(headers=((b"access-control-allow-origin", b"*"),))
    reply = await ask(document, headers=[(b"origin", APP_ORIGIN.encode())], cors_origins=frozenset({APP_ORIGIN}))
    origins = [value for name, value in reply.headers if name == b"access-control-allow-origin"]
    assert origins == [APP_ORIGIN.encode()]
    assert reply.header("access-control-allow-credentials") == "true"


async def test_options_without_a_preflight_reaches_the_application() -> None:
    """HT-08."""
    assert (await from_origin(APP_ORIGIN, "OPTIONS")).status == 405


@pytest.mark.parametrize("app", [broken, started, silent])
async def test_an_exception_becomes_a_500_without_details(app: Any) -> None:
    """HT-13."""
    with structlog.testing.capture_logs() as logs:
        reply = await ask(app)
    assert (reply.status, reply.code) == (500, "internal_error")
    for inside in (b"SELECT", b"/srv", b"RuntimeError", b"Traceback", b"litestar", b"just in time"):
        assert inside not in reply.body
    assert reply.header("x-a") is None
    (line,) = logs
    assert (line["event"], line["log_level"]) == ("unhandled_exception", "error")
    assert line["exception"]
    assert line["stack"]


async def test_the_log_of_another_program_gets_no_exception_whose_variables_it_could_print() -> None:
    """LG-03: structlog prints them by default if rich is installed, and so does its `dict_tracebacks`."""

    async def checking(scope: Any, receive: Any, send: Any) -> None:
        password = "violet harbour kettle"
        raise RuntimeError(f"a bug while {len(password)} characters were checked")

    with structlog.testing.capture_logs(processors=[structlog.processors.dict_tracebacks]) as logs:
        await ask(checking)
    (line,) = logs
    assert "violet" not in repr(line)
    assert line["exception"] == "RuntimeError: a bug while 21 characters were checked"
    assert any(frame.startswith(f"{__name__}:") for frame in line["stack"])


async def test_log_lines_of_a_request_have_its_id_and_address_and_later_lines_do_not() -> None:
    async def logging(scope: Any, receive: Any, send: Any) -> None:
        structlog.get_logger().info("during")
        await Application()(scope, receive, send)

    with structlog.testing.capture_logs(processors=[merge_contextvars]) as logs:
        reply = await ask(logging, peer="192.0.2.7")
        structlog.get_logger().info("after")
    during, after = logs
    assert (during["request_id"], during["ip"]) == (reply.header("x-request-id"), "192.0.2.7")
    assert {"request_id", "ip"}.isdisjoint(after)


async def test_an_exception_in_the_middle_of_an_answer_ends_it() -> None:
    """HT-13."""
    with structlog.testing.capture_logs() as logs:
        reply = await ask(half)
    assert (reply.status, reply.body) == (200, b"half")
    assert reply.messages[-1].get("more_body") is True
    assert [line["event"] for line in logs] == ["unhandled_exception"]


async def test_a_client_that_left_is_not_logged_as_an_error() -> None:
    async def send(_: Any) -> None:
        raise ConnectionResetError

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    scope: Any = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/api/test/all",
        "raw_path": b"/api/test/all",
        "query_string": b"",
        "headers": [HOST],
        "client": ("192.0.2.1", 1),
    }
    with structlog.testing.capture_logs() as logs:
        for app in (Application(), broken):
            await EdgeMiddleware(app, CONFIG, ignore)(dict(scope), receive, send)  # type: ignore[arg-type]
    assert [line["event"] for line in logs] == ["unhandled_exception"]


def counted(name: str, **labels: str) -> float:
    """Return the sample of that name with these labels; 0 before it exists."""
    for family in text_string_to_metric_families(metrics.metrics_text().decode()):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return 0.0


async def test_requests_are_counted_by_route_and_never_by_path() -> None:
    signin = {"method": "POST", "route": "/api/auth/signin", "status": "200"}
    nowhere = {"method": "other", "route": "unmatched", "status": "404"}
    before = counted("doorward_http_requests_total", **signin), counted("doorward_http_requests_total", **nowhere)
    app = Application()
    await post(app, b"{}", JSON, path="/api/auth/signin")
    await ask(app, "BREW", path="/nowhere/0190a0b0")
    after = counted("doorward_http_requests_total", **signin), counted("doorward_http_requests_total", **nowhere)
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)
    assert counted("doorward_http_request_seconds_count", route="/api/auth/signin") >= 1
    assert b"0190a0b0" not in metrics.metrics_text()
    assert b"BREW" not in metrics.metrics_text()


async def test_requests_in_flight_are_counted_until_they_are_answered() -> None:
    flying: list[float] = []

    async def app(*_: Any) -> None:
        flying.append(counted("doorward_http_requests_in_flight"))

    before = counted("doorward_http_requests_in_flight")
    with structlog.testing.capture_logs():
        await ask(app)
    assert flying == [before + 1]
    assert counted("doorward_http_requests_in_flight") == before


def test_the_metrics_contain_no_versions() -> None:
    """HT-03."""
    metrics.count_sign_in("success")
    figures = metrics.metrics_text()
    assert b'doorward_sign_ins_total{outcome="success"}' in figures
    assert b"python_info" not in figures


async def test_an_access_log_line_names_the_route_and_not_the_path() -> None:
    """LG-02, LG-03."""
    with structlog.testing.capture_logs() as logs:
        await ask(Application(), path="/api/test/all", query=b"q=hello%0aworld", access_log=True)
        await ask(Application(), path="/api/test/all", query=b"q=hello", access_log=True)
        await ask(Application(), path="/nowhere/hello", access_log=True)
    assert [(line["event"], line["route"], line["status"]) for line in logs] == [
        ("http_request", "unmatched", 400),
        ("http_request", "/api/test/all", 200),
        ("http_request", "unmatched", 404),
    ]
    assert "hello" not in str(logs)


async def test_by_default_no_line_is_written_per_request() -> None:
    with structlog.testing.capture_logs() as logs:
        await ask(Application())
    assert logs == []


async def test_answers_close_their_connection_while_the_service_is_about_to_stop() -> None:
    """F-30."""
    answer = await ask(Application(), config=replace(CONFIG, is_draining=lambda: True))
    assert (answer.header("connection"), answer.header("keep-alive")) == ("close", None)
