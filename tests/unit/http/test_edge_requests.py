"""The rules for the request line and the headers."""

from ipaddress import ip_network
from typing import Any

import pytest
import structlog

from doorward.interfaces.http.edge.middleware import EdgeMiddleware
from doorward.interfaces.http.edge.request_headers import HEADERS_BY_NAME
from support.http.edge_driver import CONFIG, HOST, Application, ask, ignore, post


async def test_a_request_reaches_the_application_with_its_id_and_address() -> None:
    app = Application()
    reply = await ask(app, headers=[(b"x-request-id", b"abc.DEF_12-3")])
    assert reply.status == 200
    assert reply.header("x-request-id") == "abc.DEF_12-3"
    by_name = {HOST[0]: HOST[1], b"x-request-id": b"abc.DEF_12-3"}
    assert app.scope["state"] == {"request_id": "abc.DEF_12-3", "ip": "192.0.2.1", HEADERS_BY_NAME: by_name}


async def test_an_invalid_request_id_is_replaced() -> None:
    """LG-02: the id that a client chooses cannot break a log line."""
    for given in (b"short", b"x" * 65, b"with blank", b"line\nbreak", b'{"event":1}', "é".encode() * 8):
        made = (await ask(Application(), headers=[(b"x-request-id", given)])).header("x-request-id")
        assert made is not None
        assert made.isalnum()
        assert len(made) == 24


async def test_two_requests_get_different_ids() -> None:
    first, second = [await ask(Application()), await ask(Application())]
    assert first.header("x-request-id") != second.header("x-request-id")


async def test_every_log_line_of_a_request_has_its_id() -> None:
    bound: dict[str, Any] = {}

    async def app(*_: Any) -> None:
        bound.update(structlog.contextvars.get_contextvars())
        raise ValueError

    with structlog.testing.capture_logs():
        reply = await ask(app, peer="192.0.2.7")
    assert bound == {"request_id": reply.header("x-request-id"), "ip": "192.0.2.7"}
    assert structlog.contextvars.get_contextvars() == {}


async def address(**request: Any) -> object:
    """Return the address in the log lines of such a request."""
    bound: dict[str, Any] = {}

    async def app(*_: Any) -> None:
        bound.update(structlog.contextvars.get_contextvars())

    with structlog.testing.capture_logs():
        await ask(app, **request)
    return bound["ip"]


async def test_an_untrusted_peer_cannot_choose_its_address() -> None:
    """SI-09."""
    names = [b"x-forwarded-for", b"x-real-ip", b"forwarded", b"client-ip", b"true-client-ip"]
    assert await address(headers=[(name, b"203.0.113.9") for name in names], peer="192.0.2.1") == "192.0.2.1"


async def test_the_balancer_of_google_cloud_adds_two_addresses() -> None:
    """SI-09: the client's and its own public one, as docs/deployment.md says."""
    trusted = tuple(map(ip_network, ("35.191.0.0/16", "130.211.0.0/22", "203.0.113.80")))
    headers = [(b"x-forwarded-for", b"192.0.2.66,198.51.100.7,203.0.113.80")]
    assert await address(headers=headers, peer="35.191.1.2", trusted_proxies=trusted) == "198.51.100.7"


TRUSTED = (ip_network("10.0.0.0/8"),)
FORWARDED = {
    (b"203.0.113.9",): "203.0.113.9",
    (b"198.51.100.1, 203.0.113.9",): "203.0.113.9",
    (b"198.51.100.1, 203.0.113.9, 10.0.0.2",): "203.0.113.9",
    (b"198.51.100.1", b"203.0.113.9,10.0.0.2"): "203.0.113.9",
    (b"203.0.113.9:4711",): "203.0.113.9",
    (b"2001:db8::1",): "2001:db8::1",
    (b"[2001:db8::1]:4711",): "2001:db8::1",
    (b"::ffff:203.0.113.9",): "203.0.113.9",
    (b"fe80::1%eth0",): "10.0.0.1",
    (b"[2001:db8::1%<script>]:4711",): "10.0.0.1",
    (b"0" * 5000 + b".0.0.1",): "10.0.0.1",
    (b"203.0.113.9, unknown",): "10.0.0.1",
    (b"203.0.113.9, <script>",): "10.0.0.1",
    (b"203.0.113.9, \xff, 10.0.0.2",): "10.0.0.2",
    (b"10.0.0.3, 10.0.0.2",): "10.0.0.3",
    (b"",): "10.0.0.1",
    (): "10.0.0.1",
}
"""The client address by values of `X-Forwarded-For`, if 10.0.0.0/8 is trusted and 10.0.0.1 is the peer."""


async def test_behind_trusted_proxies_the_nearest_untrusted_address_counts() -> None:
    """SI-09."""
    found = {}
    for values in FORWARDED:
        headers = [(b"x-forwarded-for", value) for value in values]
        found[values] = await address(headers=headers, peer="10.0.0.1", trusted_proxies=TRUSTED)
    assert found == FORWARDED


async def test_an_ipv4_client_has_its_own_address_when_the_service_listens_on_ipv6() -> None:
    """SI-09: logs, sessions and limits show one address for one client."""
    assert await address(peer="::ffff:192.0.2.1") == "192.0.2.1"
    assert await address(peer="2001:db8::ffff:1") == "2001:db8::ffff:1"
    headers = [(b"x-forwarded-for", b"203.0.113.9, unknown")]
    assert await address(headers=headers, peer="::ffff:10.0.0.1", trusted_proxies=TRUSTED) == "10.0.0.1"


async def test_a_peer_without_an_address_is_unknown() -> None:
    assert await address(peer=None, trusted_proxies=TRUSTED) == "unknown"


OTHER_SPELLINGS = [
    "//api/test/all",
    "/api//test/all",
    "/api/test/all/",
    "/api/test/all//",
    "/api%2ftest%2fall",
    "/api%2Ftest/all",
    "/api%5ctest/all",
    "/api\\test\\all",
    "/api/./test/all",
    "/api/x/../test/all",
    "/api/test/all/.",
    "/api/test/all/..",
    "/..",
    "/./",
    "/%2e%2e/api/test/all",
    "/api/test/al%6c",
    "/api/test/all%00",
    "/api/test/all\x00",
    "/api/test/all%20",
    "/api/test/all;x=1",
    "/api/test/all%3fx",
    "/api/test/\xe4ll",
    "/api/test/all\n",
    "*",
]


async def test_only_the_one_spelling_of_a_path_reaches_the_router() -> None:
    """AZ-02: another spelling of a path cannot bypass a proxy's rule for the path."""
    app = Application()
    replies = {path: await ask(app, path=path) for path in OTHER_SPELLINGS}
    assert {path: reply.status for path, reply in replies.items()} == dict.fromkeys(OTHER_SPELLINGS, 404)
    assert {reply.code for reply in replies.values()} == {"not_found"}
    assert not app.seen


@pytest.mark.parametrize(
    "target",
    [
        "http://auth.example.org/api/test/all",
        "https://evil.example/api/test/all",
        "auth.example.org:443",
        "api/test/all",
        "",
        "/api/test/all#part",
        "/api/test/all#",
        "/#/api/test/all",
    ],
)
async def test_a_target_is_a_path_and_a_query(target: str) -> None:
    """HT-10: a target in absolute form names a host, which could differ from the Host header."""
    app = Application()
    reply = await ask(app, path=target)
    assert (reply.status, reply.code, reply.header("connection")) == (400, "invalid_target", "close")
    assert not app.seen


async def test_a_query_has_no_fragment() -> None:
    """HT-10."""
    assert (await ask(Application(), query=b"a=b#part")).code == "invalid_query"


async def test_plain_paths_reach_the_router_and_dots_within_a_name_do_not_matter() -> None:
    paths = ["/", "/api/test/all", "/.well-known/jwks.json", "/a/..b", "/a/b.", "/a/...", "/a~b/c_d-e/0190a0b0"]
    app = Application()
    for path in paths:
        await ask(app, path=path)
    assert [scope["path"] for scope in app.seen] == paths


SECRET_NAMES = [
    *("password", "Password", "pass%77ord", "password[]", "newPassword", "access_token", "accessToken", "ACCESS-TOKEN"),
    *("token", "refresh_token", "x-access-token", "authorization", "client_secret", "api_key"),
]


async def test_secrets_in_an_address_are_refused() -> None:
    """SI-13."""
    app = Application()
    for form in ("{}=hunter22", "a=b&{}=hunter22", "{}", "%20{}=hunter22"):
        queries = [form.format(name).encode() for name in SECRET_NAMES]
        with structlog.testing.capture_logs() as logs:
            replies = [await ask(app, query=query, access_log=True) for query in queries]
        assert {(reply.status, reply.code) for reply in replies} == {(400, "credentials_in_query")}
        assert not any(b"hunter22" in reply.body for reply in replies)
        assert "hunter22" not in str(logs)
    assert not app.seen


async def test_a_query_with_two_meanings_is_refused() -> None:
    malformed = [b"a=%zz", b"a=%f", b"a=%ff", b"a=\xff", b"a=%00", b"a=%0d%0ab", b"a=%7f", b"a=<b>", b"a b"]
    doubled = [b"a=1&a=2", b"a=1&%61=2", b"a&a"]
    replies = {query: await ask(Application(), query=query) for query in malformed + doubled}
    assert {query: reply.code for query, reply in replies.items()} == dict.fromkeys(
        malformed + doubled, "invalid_query"
    )
    assert {reply.status for reply in replies.values()} == {400}


async def test_other_queries_reach_the_application() -> None:
    queries = [b"query=a%40b&after=&limit=10", b"tokens=1&passwordless=yes", b"q=%C3%A9+%26", b"&"]
    app = Application()
    for query in queries:
        await ask(app, query=query)
    assert [scope["query_string"] for scope in app.seen] == queries


async def test_an_address_may_be_8_kib_long() -> None:
    """HT-11."""
    path = "/api/test/all"
    longest = b"q=" + b"a" * (8192 - len(path) - 2)
    assert (await ask(Application(), path=path, query=longest)).status == 200
    reply = await ask(Application(), path=path, query=longest + b"a")
    assert (reply.status, reply.code) == (414, "uri_too_long")


async def test_a_hundred_headers_are_enough() -> None:
    """HT-11."""
    headers = [(b"x-%d" % number, b"1") for number in range(99)]
    assert (await ask(Application(), headers=headers)).status == 200
    reply = await ask(Application(), headers=[*headers, (b"x-99", b"1")])
    assert (reply.status, reply.code) == (431, "headers_too_large")
    repeated = await ask(Application(), headers=[(b"x-a", b"1")] * 100)
    assert repeated.status == 431


@pytest.mark.parametrize("times", [1, 2])
async def test_headers_may_be_64_kib_large(times: int) -> None:
    """HT-11."""
    room = 65_536 - sum(map(len, HOST)) - times * len("x-a")
    fits, too_large = b"a" * (room // times), b"a" * (room // times + 1)
    assert (await ask(Application(), headers=[(b"x-a", fits)] * times)).status == 200
    assert (await ask(Application(), headers=[(b"x-a", too_large)] * times)).status == 431


async def test_a_header_that_may_occur_once_is_refused_twice() -> None:
    """HT-10."""
    app = Application()
    for name in (
        b"authorization",
        b"x-access-token",
        b"content-type",
        b"content-length",
        b"origin",
        b"transfer-encoding",
    ):
        reply = await ask(app, headers=[(name, b"a"), (name, b"b")])
        assert (reply.status, reply.code) == (400, "repeated_header")
    assert not app.seen


async def test_other_headers_may_repeat() -> None:
    assert (await ask(Application(), headers=[(b"accept", b"a/b"), (b"accept", b"c/d")])).status == 200


async def test_an_unknown_method_is_not_allowed() -> None:
    """HT-08, AZ-02."""
    for method in ("TRACE", "CONNECT", "BREW", "get", "PROPFIND", "QUERY"):
        reply = await ask(Application(), method)
        assert (reply.status, reply.code) == (405, "method_not_allowed")
        assert reply.header("allow") == "GET, HEAD"


async def test_connect_without_a_path_is_refused() -> None:
    """HT-08."""
    assert (await ask(Application(), "CONNECT", path="")).status in {404, 405}


async def test_a_method_of_another_route_is_not_allowed() -> None:
    """HT-08."""
    reply = await ask(Application(), "HEAD", path="/api/auth/signin")
    assert (reply.status, reply.header("allow")) == (405, "POST")
    assert reply.body == b""


async def test_head_is_answered_as_get_without_the_body() -> None:
    """HT-08, AZ-02: the guard of GET also guards HEAD."""
    app = Application()
    got = await ask(app)
    reply = await ask(app, "HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.header("content-length") == got.header("content-length") == "4"
    assert [scope["method"] for scope in app.seen] == ["GET", "GET"]


async def test_an_unknown_path_is_answered_with_a_problem() -> None:
    reply = await ask(Application(), path="/nowhere")
    assert (reply.status, reply.code) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_a_body_is_refused_with_methods_that_have_none(method: str) -> None:
    """HT-10: a body that one server reads and the next ignores allows request smuggling."""
    app = Application()
    for framing in ((b"content-length", b"2"), (b"transfer-encoding", b"chunked")):
        reply = await ask(app, method, headers=[framing], chunks=[b"{}"])
        assert reply.status == 400
        assert reply.header("connection") == "close"
    assert not app.seen


async def test_a_content_length_of_zero_is_not_a_body() -> None:
    assert (await ask(Application(), headers=[(b"content-length", b"0")])).status == 200


async def test_a_content_length_that_is_not_a_number_is_refused() -> None:
    """HT-10."""
    for length in (b"x", b"-1", b"+1", b"1, 1", b"0x10", b"9" * 5000, b" "):
        reply = await ask(Application(), "POST", "/api/things", [(b"content-length", length)], [b"{}"])
        assert (reply.status, reply.code) == (400, "invalid_content_length")


async def test_other_scopes_pass_through() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope, receive, send))

    lifespan: Any = {"type": "lifespan"}
    await EdgeMiddleware(app, CONFIG, ignore)(lifespan, "receive", "send")  # type: ignore[arg-type]
    assert seen == [(lifespan, "receive", "send")]


async def test_the_body_of_a_post_reaches_the_application() -> None:
    app = Application()
    assert (await post(app, b'{"a":1}')).status == 200
    assert app.bodies == [b'{"a":1}']
