"""Odd spellings of every route in the tutorial dialect: those of the tutorial's paths are the canonical route, and
every other one is no route. A token is never sent, so whoever found a way around the guard would get 200."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from dishka import make_async_container

from doorward.interfaces.http.app import create_app
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.errors.dialects import DIALECTS
from doorward.interfaces.http.security.access import ACCESS, PUBLIC, http_handlers
from support.http.in_process import App, in_process

LENIENT = DIALECTS["tutorial"].lenient_paths
NOBODYS_ID = "00000000-0000-7000-8000-000000000000"


def routes_of(dialect: str) -> dict[tuple[str, str], object]:
    """Return the declared access by method and path."""
    config = HttpConfig(allowed_hosts=frozenset(), dialect=dialect)  # type: ignore[arg-type]
    return {
        (method, route.path_format): handler.opt[ACCESS]
        for route, handler in http_handlers(create_app(make_async_container(), config))
        for method in handler.http_methods
    }


ROUTES = routes_of("tutorial")


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with in_process(tmp_path_factory.mktemp("tutorial"), dialect="tutorial") as service:
        yield service


def spellings(path: str) -> list[str]:
    return [f"{path}/", path.upper(), path.title(), f"{path.swapcase()}/", path[:-1] + path[-1].upper()]


OTHERWISE = [
    "{path}//",
    "/{path}",
    "{path}%2f",
    "{path}%20",
    "{path};x",
    "/%61{rest}",
    "{path}\u017f",
]
"""What Express would not take for the path either, or what no client sends."""


def ask(client: httpx2.Client, method: str, path: str) -> httpx2.Response:
    return client.request(method, path, json={} if method in {"POST", "PUT", "PATCH"} else None)


def outcome(answer: httpx2.Response) -> tuple[int, object, object]:
    """Return what must be equal: the status, and the body but for the id of the request."""
    if "json" in answer.headers.get("content-type", ""):
        body = answer.json()
        body.pop("requestId", None)
        return answer.status_code, body, answer.headers.get("allow")
    return answer.status_code, answer.text, answer.headers.get("allow")


def test_the_dialect_adds_one_route_and_changes_no_access() -> None:
    """AZ-01."""
    added = ROUTES.items() - routes_of("standard").items()
    assert added == {(("POST", "/api/auth/refreshtoken"), PUBLIC), (("OPTIONS", "/api/auth/refreshtoken"), PUBLIC)}
    assert routes_of("standard").items() <= ROUTES.items()
    assert {path.decode() for path in LENIENT} <= {path for _, path in ROUTES}


@pytest.mark.parametrize("route", sorted(ROUTES), ids=" ".join)
def test_an_odd_spelling_is_the_route_itself_or_none(tutorial: App, route: tuple[str, str]) -> None:
    """AZ-02."""
    method, template = route
    path = template.replace("{role}", "nothing").replace("{user_id}", NOBODYS_ID).replace("{session_id}", NOBODYS_ID)
    with tutorial.client() as client:
        canonical = outcome(ask(client, method, path))
        if path.encode() not in LENIENT:
            odd = [each for each in spellings(path) if path != "/"]
            statuses = {each: ask(client, method, each).status_code for each in odd if each != path}
            allowed = {404, 401, 403, 204} if "{" in template else {404}
            assert set(statuses.values()) <= allowed, statuses
            return
        for spelling in spellings(path):
            assert outcome(ask(client, method, spelling)) == canonical, spelling
        for pattern in OTHERWISE:
            spelling = pattern.format(path=path, rest=path[2:])
            assert ask(client, method, spelling).status_code == 404, spelling


def test_metrics_and_the_guard_see_one_spelling(tutorial: App) -> None:
    """A label per spelling would let a client grow the metrics without bound."""
    with tutorial.client() as client:
        for spelling in spellings("/api/test/mod"):
            assert client.get(spelling).status_code == 403
        text = client.get("/metrics").text
    labels = {line.partition('route="')[2].partition('"')[0] for line in text.splitlines()}
    assert {label for label in labels if label.lower().startswith("/api/test/mod")} == {"/api/test/mod"}
    assert tutorial.line(event="authz_fail", route="/api/test/mod")


def test_the_limit_of_the_address_holds_before_any_spelling(tutorial: App) -> None:
    with tutorial.client() as client:
        assert client.get("/api/test/all/" + "x" * 9000).status_code == 414
        assert client.post("/API/AUTH/SIGNIN/", content=b"x" * 20_000).status_code == 413
        assert client.get("/API/TEST/ALL", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(("public_path", "other_case"), [("/auth", "/Auth"), ("/Auth", "/auth"), ("/api", "/API")])
def test_the_path_of_the_public_url_stands_before_a_lenient_path_in_one_spelling(
    tmp_path: Path, public_path: str, other_case: str
) -> None:
    settings = {"dialect": "tutorial", "public_url": f"https://example.org{public_path}", "proxy_path": "kept"}
    with in_process(tmp_path, **settings) as service, service.client(headers={"Host": "example.org"}) as client:
        assert client.get(f"{public_path}/API/Test/All/").status_code == 200
        assert client.get(f"{other_case}/API/Test/All/").status_code == 404
        assert client.get("/API/Test/All/").status_code == 404
        assert client.get(f"{public_path}/Metrics").status_code == 404


def test_a_lenient_path_may_begin_like_the_path_that_a_proxy_strips(tmp_path: Path) -> None:
    settings = {"dialect": "tutorial", "public_url": "https://example.org/api", "proxy_path": "stripped"}
    with in_process(tmp_path, **settings) as service, service.client(headers={"Host": "example.org"}) as client:
        assert client.get("/API/Test/All/").status_code == 200
