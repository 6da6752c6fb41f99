"""Tokens in cookies, and the pages that may change something with them."""

from dataclasses import replace
from http.cookies import SimpleCookie
from typing import Any

import pytest
from msgspec import UNSET

from doorward.application.ports.security import IssuedToken
from doorward.application.sessions.issue_tokens import SignedIn
from doorward.domain.errors import DomainError, InvalidRefreshToken
from doorward.domain.sessions.session import UNKNOWN_DEVICE, Session, new_session_id
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.request_headers import HEADERS_BY_NAME
from doorward.interfaces.http.errors.refusals import AmbiguousToken, CrossSiteRequest, JsonRequired, TokenRequired
from doorward.interfaces.http.security.cookies import Browser, Cookies, cookie
from doorward.interfaces.http.security.presented_token import presented_token
from doorward.testing.builders import REFRESH_TOKENS, a_user
from doorward.testing.doubles import NOON

Header = tuple[bytes, bytes]
HOST = b"auth.example.org"
JSON: Header = (b"content-type", b"application/json")
CONFIG = HttpConfig(
    allowed_hosts=frozenset({"auth.example.org"}),
    cors_origins=frozenset({"https://app.example.org"}),
    public_origin="https://auth.example.org",
    https=True,
)
LOOPBACK = HttpConfig(allowed_hosts=frozenset({"127.0.0.1"}), public_origin="http://127.0.0.1:8080")
TLS, PLAIN = Cookies(CONFIG), Cookies(LOOPBACK)
NAMES = {TLS: ("__Host-doorward-access", "__Host-doorward-refresh"), PLAIN: ("doorward-access", "doorward-refresh")}


def a_request(*headers: Header, method: str = "POST", host: bytes = HOST) -> Any:
    sent = [(b"host", host), *headers]
    return {"method": method, "headers": sent, "state": {HEADERS_BY_NAME: dict(sent)}}


def from_origin(origin: str) -> Header:
    return b"origin", origin.encode()


def kept(*pairs: str) -> Header:
    return b"cookie", "; ".join(pairs).encode()


OURS = kept("__Host-doorward-access=a.b.c", "__Host-doorward-refresh=r")


def signed_in(access: str = "a.b.c", refresh: str = "r") -> SignedIn:
    user, session_id = a_user(), new_session_id(NOON)
    session = Session.opened(session_id, user.id, REFRESH_TOKENS.first(session_id).hash, UNKNOWN_DEVICE, NOON)
    return SignedIn(user, session, IssuedToken(access, 900), IssuedToken(refresh, 1_209_600))


@pytest.mark.parametrize("cookies", [TLS, PLAIN], ids=["https", "http loopback"])
def test_scripts_cannot_read_a_cookie_and_other_hosts_cannot_plant_one(cookies: Cookies) -> None:
    """RF-15: as the prefix `__Host-` demands it. On plain http loopback there is no prefix, and Secure is missing."""
    lines = [cookie.to_header(header="") for cookie in cookies.for_tokens(signed_in())]
    for line, name, value, seconds in zip(lines, NAMES[cookies], ("a.b.c", "r"), ("900", "1209600"), strict=True):
        morsel = SimpleCookie(line)[name]
        assert (morsel.value, morsel["max-age"]) == (value, seconds)
        assert (morsel["path"], morsel["samesite"].lower(), morsel["domain"]) == ("/", "lax", "")
        assert morsel["httponly"] is True
        assert bool(morsel["secure"]) is (cookies is TLS)


def test_a_path_of_the_public_url_is_that_of_the_cookies() -> None:
    """RF-15: `__Host-` would demand the path `/`, and other programs of the host would get the tokens."""
    for config, prefix in ((CONFIG, "__Secure-"), (LOOPBACK, "")):
        lines = [
            cookie.to_header(header="")
            for cookie in Cookies(replace(config, public_path="/auth")).for_tokens(signed_in())
        ]
        for line, name in zip(lines, ("doorward-access", "doorward-refresh"), strict=True):
            morsel = SimpleCookie(line)[prefix + name]
            assert (morsel["path"], morsel["domain"], bool(morsel["secure"])) == ("/auth", "", bool(prefix))


def test_the_longest_token_that_is_issued_fits_into_a_cookie() -> None:
    """RF-15: browsers accept 4,096 bytes including attributes. A longer token is not issued."""
    longest = signed_in(access="x" * 4_000)
    assert all(len(cookie.to_header(header="")) < 4_096 for cookie in TLS.for_tokens(longest))


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ([kept("n=v")], b"v"),
        ([kept("a=b", "n=v", "c=d")], b"v"),
        ([(b"cookie", b"a=b;n=v")], b"v"),
        ([kept("a=b"), kept("n=v")], b"v"),
        ([kept("n=v"), kept("n=v")], b"v"),
        ([kept("n=v=w")], b"v=w"),
        ([kept('n="v"')], b'"v"'),
        ([kept("n=%76")], b"%76"),
        ([kept("n=")], b""),
        ([kept('a="b', 'n=v"')], b'v"'),
        ([], None),
        ([kept("")], None),
        ([kept("n")], None),
        ([kept("N=v")], None),
        ([kept("nn=v", "n2=v")], None),
        ([kept("a=n=v")], None),
        ([kept("n =v")], None),
        ([(b"cookie", b"\xc2\xa0n=v")], None),
        ([(b"cookie", b"\x0bn=v")], None),
        ([(b"cookie", b"a=b,n=v")], None),
        ([(b"x-cookie", b"n=v")], None),
    ],
)
def test_a_cookie_is_read_only_as_browsers_send_it(sent: list[Header], found: bytes | None) -> None:
    """RF-15: a lenient parser would let a neighbouring host plant a cookie under another spelling."""
    assert cookie(sent, b"n") == found


@pytest.mark.parametrize("sent", [[kept("n=v", "n=w")], [kept("n=v"), kept("n=w")], [kept("n=", "n=w")]])
def test_two_different_cookies_of_one_name_are_refused(sent: list[Header]) -> None:
    """RF-15: without the prefix, another service on the same host can plant a cookie."""
    with pytest.raises(AmbiguousToken):
        cookie(sent, b"n")


ALLOWED = ["https://auth.example.org", "https://app.example.org"]


@pytest.mark.parametrize("origin", ALLOWED)
def test_an_allowed_origin_may_change_something_in_json(origin: str) -> None:
    """RF-15."""
    for content_type in (b"application/json", b"application/json; charset=utf-8"):
        scope = a_request(OURS, from_origin(origin), (b"content-type", content_type))
        assert TLS.access_token(scope) == "a.b.c"
        assert TLS.refresh_token(scope) == "r"
        assert Browser(TLS, scope).uses_cookies


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "localhost"])
def test_own_pages_may_change_something_under_every_host_name(host: str) -> None:
    """RF-15."""
    for named in (host, f"{host}:80" if host == "localhost" else host):
        scope = a_request(kept("doorward-access=a.b.c"), from_origin(f"http://{host}"), JSON, host=named.encode())
        assert PLAIN.access_token(scope) == "a.b.c"


OTHERS = [
    None,
    "null",
    "",
    "*",
    "https://evil.example",
    "http://auth.example.org",
    "https://auth.example.org:8443",
    "https://auth.example.org/",
    "https://auth.example.org.evil.example",
    "https://x.auth.example.org",
    "https://example.org",
    "https://AUTH.example.org",
    "http://127.0.0.1:8080",
    "https://app.example.org https://evil.example",
]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "post"])
def test_no_other_origin_may_change_something(method: str) -> None:
    """RF-15: sandboxed frames, redirects and files send `null`."""
    for origin in OTHERS:
        headers = [] if origin is None else [from_origin(origin)]
        scope = a_request(OURS, JSON, *headers, method=method)
        for ask in (TLS.access_token, TLS.refresh_token, TLS.use):
            with pytest.raises(CrossSiteRequest):
                ask(scope)
        assert not Browser(TLS, scope).uses_cookies


def test_with_tls_the_own_plain_http_origin_is_not_allowed() -> None:
    """RF-15: an attacker on the network may change such a page."""
    cookies = Cookies(HttpConfig(allowed_hosts=frozenset(), public_origin="http://auth.example.org", https=True))
    with pytest.raises(CrossSiteRequest):
        cookies.access_token(a_request(OURS, JSON, from_origin("http://auth.example.org")))


@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"],
)
def test_a_request_of_a_form_changes_nothing(content_type: str | None) -> None:
    """RF-15: also without a body, and from own pages."""
    headers = [] if content_type is None else [(b"content-type", content_type.encode())]
    with pytest.raises(JsonRequired):
        TLS.access_token(a_request(OURS, from_origin(ALLOWED[0]), *headers))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_request_that_only_reads_needs_no_origin(method: str) -> None:
    """RF-15: a link, an image or a reload sends none."""
    assert TLS.access_token(a_request(OURS, method=method)) == "a.b.c"


@pytest.mark.parametrize("sent", [[], [kept("doorward-access=a.b.c")], [kept("__Host-doorward-access=")]])
def test_a_request_without_the_cookie_needs_no_origin(sent: list[Header]) -> None:
    """RF-15: with TLS the name without the prefix has no meaning."""
    with pytest.raises(TokenRequired):
        TLS.access_token(a_request(*sent))


@pytest.mark.parametrize(
    "header", [(b"authorization", b"Bearer h.h.h"), (b"x-access-token", b"h.h.h"), (b"authorization", b"bearer h.h.h")]
)
def test_a_token_in_a_header_is_used_without_the_cookie(header: Header) -> None:
    """RF-15: no page can make a browser send such a header, so that the cross-site rule does not apply."""
    scope = a_request(OURS, header)
    assert presented_token(scope, TLS) == "h.h.h"
    assert not Browser(TLS, scope).uses_cookies


@pytest.mark.parametrize(
    "header", [(b"authorization", b"Basic dTpw"), (b"authorization", b""), (b"x-access-token", b"")]
)
def test_a_header_without_a_token_is_refused_despite_a_cookie(header: Header) -> None:
    """RF-15."""
    with pytest.raises(TokenRequired):
        presented_token(a_request(OURS, header, JSON, from_origin(ALLOWED[0])), TLS)


def test_a_refresh_token_in_the_body_is_used_instead_of_the_cookie() -> None:
    """RF-15: and the answer has the tokens in its body."""
    scope = a_request(OURS)
    browser = Browser(TLS, scope)
    assert browser.refresh_token("from the body") == "from the body"
    assert not browser.uses_cookies


@pytest.mark.parametrize("headers", [(), (JSON, from_origin(ALLOWED[0]))])
def test_a_refresh_without_a_token_is_refused_like_one_with_an_invalid_token(headers: tuple[Header, ...]) -> None:
    """RF-15: a browser drops an expired cookie."""
    with pytest.raises(InvalidRefreshToken):
        Browser(TLS, a_request(*headers)).refresh_token(UNSET)


@pytest.mark.parametrize(
    ("headers", "refusal"), [((JSON,), CrossSiteRequest), ((from_origin(ALLOWED[0]),), JsonRequired)]
)
def test_a_foreign_page_cannot_sign_a_browser_in(headers: tuple[Header, ...], refusal: type[DomainError]) -> None:
    """RF-15: otherwise the user would work in a foreign account. The rule does not apply without cookies."""
    browser = Browser(TLS, a_request(*headers))
    with pytest.raises(refusal):
        browser.use_cookies(wanted=True)
    browser.use_cookies(wanted=False)
    assert not browser.uses_cookies


@pytest.mark.parametrize("cookies", [TLS, PLAIN], ids=["https", "http loopback"])
async def test_both_cookies_are_cleared_as_they_were_set(cookies: Cookies) -> None:
    """RF-15: with the same name, path and Secure; otherwise the browser keeps the old cookie."""
    host = b"127.0.0.1:8080" if cookies is PLAIN else HOST
    scope = a_request(JSON, from_origin("http://127.0.0.1:8080" if cookies is PLAIN else ALLOWED[0]), host=host)
    cookies.use(scope)
    cleared = await cleared_by(cookies, scope, status=204)
    set_first = {line.partition("=")[0]: line for line in cookie_lines(cookies)}
    assert set(cleared) == set(set_first) == set(NAMES[cookies])
    for name, line in cleared.items():
        before, after = SimpleCookie(set_first[name])[name], SimpleCookie(line)[name]
        assert (after.value, after["max-age"]) == ("", "0")
        assert all(before[key] == after[key] for key in ("path", "secure", "domain", "samesite", "httponly"))


async def test_cookies_are_cleared_only_at_the_end_of_a_session_of_a_client_with_cookies() -> None:
    """RF-15."""
    scope = a_request(JSON, from_origin(ALLOWED[0]))
    assert await cleared_by(TLS, scope, status=204) == {}
    TLS.use(scope)
    assert await cleared_by(TLS, scope, status=403) == {}
    assert len(await cleared_by(TLS, scope, status=204)) == 2


async def cleared_by(cookies: Cookies, scope: Any, status: int) -> dict[str, str]:
    """Return the Set-Cookie headers of an answer of that status, by name. 204 ends the session."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    given = [(b"content-type", b"text/plain")]
    await cookies.clearing(scope, send)({"type": "http.response.start", "status": status, "headers": given})
    await cookies.clearing(scope, send)({"type": "http.response.body", "body": b"", "more_body": False})
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["headers"][0] == given[0]
    lines = [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]
    return {line.partition("=")[0]: line for line in lines}


def cookie_lines(cookies: Cookies) -> list[str]:
    return [cookie.to_header(header="") for cookie in cookies.for_tokens(signed_in())]
