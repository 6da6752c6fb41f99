"""How many requests of one kind a client may send, over HTTP."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest
from dishka import make_async_container

from doorward.domain.rate_limits.limit_name import LimitName
from doorward.infrastructure.settings.descriptions import describe_settings
from doorward.interfaces.http.app import create_app
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.metrics import REGISTRY
from doorward.interfaces.http.security.access import ACCESS, PUBLIC, http_handlers
from doorward.interfaces.http.security.request_limits import limit_of
from doorward.testing.builders import PASSWORD
from doorward.testing.doubles import FrozenClock
from support.http.in_process import App, ServeApp
from support.http.service import INTROSPECT, REVOKE, outcome, somebody
from support.limits_time import counted_by
from support.readme import guide

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
"""Nothing of this is in a database."""

SIGN_IN = "/api/auth/signin"
LIMITED_ROUTES = {
    ("POST", SIGN_IN): LimitName.SIGN_IN,
    ("POST", "/api/auth/signup"): LimitName.SIGN_UP,
    ("POST", "/api/auth/password/forgot"): LimitName.FORGOT,
    ("POST", "/api/auth/password/reset"): LimitName.RESET,
    ("POST", "/api/account/password"): LimitName.CONFIRM,
    ("DELETE", "/api/account"): LimitName.CONFIRM,
    ("POST", "/api/auth/refresh"): LimitName.REFRESH,
    ("POST", "/api/auth/refreshtoken"): LimitName.REFRESH,
    ("POST", INTROSPECT): LimitName.INTROSPECT,
    ("POST", REVOKE): LimitName.INTROSPECT,
    ("POST", "/api/auth/code/request"): LimitName.CODE,
    ("POST", "/api/auth/code"): LimitName.SIGN_IN,
    ("POST", "/api/auth/verify/request"): LimitName.VERIFY,
    ("POST", "/api/auth/verify"): LimitName.VERIFY,
    ("POST", "/api/account/email"): LimitName.CONFIRM,
    ("POST", "/api/account/email/confirm"): LimitName.RESET,
    ("POST", "/api/auth/undo"): LimitName.RESET,
    ("POST", "/api/auth/invitation"): LimitName.SIGN_UP,
}
"""Every route with a limit."""

EVERYTHING = HttpConfig(allowed_hosts=frozenset({"127.0.0.1"}), dialect="tutorial", email_codes=True)
BODIES: Mapping[str, Mapping[str, Any]] = {
    SIGN_IN: {"username": "nobody", "password": "wrong"},
    "/api/auth/signup": somebody("second"),
    "/api/auth/password/forgot": {"email": "nobody@example.org"},
    "/api/auth/password/reset": {"token": "x", "newPassword": PASSWORD},
    "/api/account/password": {"currentPassword": "wrong", "newPassword": PASSWORD},
    "/api/account": {"password": "wrong"},
    "/api/auth/invitation": {"token": "x", "username": "third", "password": PASSWORD},
    "/api/auth/refresh": {"refreshToken": "x"},
    "/api/auth/refreshtoken": {"refreshToken": "x"},
    INTROSPECT: {"token": "x"},
    REVOKE: {"token": "x"},
    "/api/auth/code/request": {"email": "nobody@example.org"},
    "/api/auth/code": {"email": "nobody@example.org", "code": "12345678"},
    "/api/auth/verify/request": {"email": "nobody@example.org"},
    "/api/auth/verify": {"token": "x"},
    "/api/account/email": {"newEmail": "new@example.org", "password": "wrong"},
    "/api/account/email/confirm": {"token": "x"},
    "/api/auth/undo": {"token": "x"},
}


@pytest.fixture(autouse=True)
def _in_one_hour() -> Iterator[None]:
    """Windows begin with the hour of the clock, so that a test would see two of them when the hour changes."""
    with counted_by(FrozenClock()):
        yield


def test_these_routes_and_no_others_have_a_limit(database: object) -> None:
    """SU-17, SI-08, RS-06, PW-01: and no GET, so that the guard's fast path is as it was."""
    found = {
        (method, route.path): limit_of(handler)
        for route, handler in http_handlers(create_app(make_async_container(), EVERYTHING))
        for method in handler.http_methods
        if limit_of(handler) is not None
    }
    assert found == LIMITED_ROUTES


def test_strangers_change_nothing_without_a_limit(database: object) -> None:
    """SI-08, RS-06: a public route that is no GET declares one, by `opt={"limit": ...}`."""
    routes = http_handlers(create_app(make_async_container(), EVERYTHING))
    changing = [(route.path, handler) for route, handler in routes if not handler.http_methods <= {"GET", "OPTIONS"}]
    public = {path: limit_of(handler) for path, handler in changing if handler.opt[ACCESS] is PUBLIC}
    assert [path for path, name in public.items() if name is None] == []
    assert len(public) >= 8


def test_the_documents_table_has_every_limit_with_its_routes_and_default(database: object) -> None:
    rows = re.findall(r"^\| `DOORWARD_LIMIT_(\w+)` \| (.+) \| `(.+)` \|$", guide("limits.md"), re.MULTILINE)
    defaults = {setting.name.removeprefix("DOORWARD_LIMIT_"): setting.default for setting in describe_settings()}
    documented = {
        (method, path): name.lower()
        for name, routes, _ in rows
        for method, path in re.findall(r"`(\w+) (\S+)`", routes)
    }
    assert documented == LIMITED_ROUTES
    assert {name: default for name, _, default in rows} == {name.upper(): defaults[name.upper()] for name in LimitName}


def test_beyond_the_limit_each_route_answers_429_before_anything_else_as_documented(serve: ServeApp) -> None:
    """SU-17, RS-06, PW-01: without a token, and with a body that is not valid."""
    app = serve(dialect="tutorial", email_codes="true", **{f"limit_{name}": "3/hour" for name in LimitName})
    for method, path in LIMITED_ROUTES:
        answers = [app.request(method, path, json=BODIES[path]) for _ in range(4)]
        refused = answers[-1]
        assert outcome(refused) == (429, "too_many_attempts"), path
        assert 1 <= int(refused.headers["retry-after"]) <= 3_601
        assert outcome(app.request(method, path, json={"unknown": 1})) == (429, "too_many_attempts")
    paths = app.request("GET", "/openapi.json").json()["paths"]
    for method, path in LIMITED_ROUTES:
        described = paths[path][method.lower()]["responses"]["429"]
        assert "too_many_attempts" in str(described), path
        assert "Retry-After" in described["headers"]
    for name in LimitName:
        assert app.line(event="excess_rate_limit_exceeded", reason=name) == {"reason": name, "per": "address"}
        assert REGISTRY.get_sample_value("doorward_limited_requests_total", {"limit": name})


def test_known_and_unknown_accounts_are_refused_alike_and_nothing_is_hashed(serve: ServeApp) -> None:
    """SI-05, SI-06, SI-08: one address that tries many names."""
    app = serve(limit_sign_in="5/hour,100/hour/network")
    app.create_user("ada")  # one of the five
    refusals = []
    for number in range(4):
        assert outcome(sign_in(app, f"name-{number}")) == (401, "invalid_credentials")
    before = len(app.log.events)
    for name in ("ada", "nobody"):
        refused = sign_in(app, name)
        assert outcome(refused) == (429, "too_many_attempts")
        members = {key: value for key, value in refused.json().items() if key != "requestId"}
        refusals.append((members, refused.headers.keys()))
    assert refusals[0] == refusals[1]
    assert {event for event, _ in app.log.events[before:]} == {"excess_rate_limit_exceeded"}


def sign_in(app: App, name: str, **headers: str) -> httpx2.Response:
    return app.request("POST", SIGN_IN, json={"username": name, "password": "wrong"}, headers=headers)


def forged(number: int) -> dict[str, str]:
    address = f"203.0.113.{number}"
    return {"X-Forwarded-For": address, "X-Real-IP": address, "Forwarded": f"for={address}"}


def test_a_client_that_invents_addresses_gets_no_more(serve: ServeApp) -> None:
    """SI-09: only what a trusted proxy writes counts."""
    app = serve(limit_sign_in="2/hour", limit_refresh="off")
    statuses = [sign_in(app, "nobody", **forged(number)).status_code for number in range(4)]
    assert statuses == [401, 401, 429, 429]
    refreshes = [app.request("POST", "/api/auth/refresh", json={"refreshToken": "x"}) for _ in range(20)]
    assert {answer.status_code for answer in refreshes} == {401}  # without a limit, all are admitted


def test_clients_behind_a_trusted_proxy_are_counted_by_their_own_addresses(serve: ServeApp) -> None:
    """SI-09: of what a client writes itself, nothing counts, because the proxy adds the address that it sees."""
    app = serve(limit_sign_in="2/hour,5/hour/network", trusted_proxies="127.0.0.0/8")

    def behind(seen: str, claimed: str = "198.51.100.9") -> int:
        return sign_in(app, "nobody", **{"X-Forwarded-For": f"{claimed}, {seen}"}).status_code

    assert [behind("203.0.113.1", f"198.51.100.{number}") for number in range(3)] == [401, 401, 429]
    assert [behind("203.0.113.2") for _ in range(2)] == [401, 401]
    assert [behind(f"203.0.113.{number}") for number in (3, 4)] == [401, 429]  # the network's limit
    assert behind("203.0.114.1") == 401
    assert [behind(f"2001:db8::{number}") for number in (1, 2, 3)] == [401, 401, 429]
