"""The path of the public URL is removed from requests once, in one spelling, and only if the proxy keeps it."""

import pytest
from dishka import make_async_container

from doorward.infrastructure.settings.public_path import OPERATIONS_SEGMENTS, OTHER_SEGMENTS
from doorward.interfaces.http.app import create_app
from doorward.interfaces.http.edge.middleware import EdgeMiddleware
from doorward.interfaces.http.edge.public_path import PublicPath
from support.http.edge_driver import CONFIG, Application, Reply, ask, ignore

BELOW = {"/auth": "/", "/auth/": "/", "/auth/api/test/all": "/api/test/all", "/auth/health/live": "/health/live"}
"""External paths, and the routes that they are."""

NO_ROUTES = (
    "/auth/../api/test/all",
    "/auth/./api/test/all",
    "/auth//api/test/all",
    "//auth/api/test/all",
    "/./auth/api/test/all",
    "/x/../auth/api/test/all",
    "/auth%2fapi/test/all",
    "/auth/%2e%2e/api/test/all",
    "/auth%2f..%2fapi/test/all",
    "/%61uth/api/test/all",
    "/auth;x/api/test/all",
    "/AUTH/api/test/all",
    "/authapi/test/all",
    "/auth/auth/api/test/all",
    "/auth/api/test/all/",
    "/api/auth/api/test/all",
)
"""Spellings that a proxy might read as a path below `/auth`, or that differ from one in a detail."""


async def asked(path: str, proxy_path: str, **options: object) -> tuple[Reply, Application]:
    app = Application()
    return await ask(app, path=path, public_path="/auth", proxy_path=proxy_path, **options), app  # type: ignore[arg-type]


@pytest.mark.parametrize("proxy_path", ["either", "kept"])
@pytest.mark.parametrize(("path", "route"), BELOW.items())
async def test_the_path_is_removed_before_anything_looks_at_it(path: str, route: str, proxy_path: str) -> None:
    reply, app = await asked(path, proxy_path)
    assert reply.status == 200
    assert (app.scope["path"], app.scope["raw_path"], app.scope["root_path"]) == (route, route.encode(), "")


@pytest.mark.parametrize("proxy_path", ["either", "stripped"])
async def test_a_request_without_the_path_is_for_the_same_route(proxy_path: str) -> None:
    reply, app = await asked("/api/test/all", proxy_path)
    assert (reply.status, app.scope["path"]) == (200, "/api/test/all")


async def test_a_proxy_that_keeps_the_path_gets_404_without_it() -> None:
    """AZ-11: each route has one address."""
    reply, app = await asked("/api/test/all", "kept")
    assert (reply.status, reply.code, app.seen) == (404, "not_found", [])


async def test_a_proxy_that_strips_the_path_gets_404_with_it() -> None:
    """AZ-11."""
    reply, _ = await asked("/auth/api/test/all", "stripped")
    assert (reply.status, reply.code) == (404, "not_found")


@pytest.mark.parametrize("proxy_path", ["either", "kept", "stripped"])
@pytest.mark.parametrize("path", NO_ROUTES)
async def test_no_other_spelling_has_the_path_removed(path: str, proxy_path: str) -> None:
    """AZ-11."""
    reply, _ = await asked(path, proxy_path)
    assert reply.status == 404


@pytest.mark.parametrize("proxy_path", ["either", "kept", "stripped"])
async def test_health_routes_need_neither_the_path_nor_a_host(proxy_path: str) -> None:
    """AZ-11: the container's own health check does not know the path."""
    assert (await asked("/health/live", proxy_path, host=()))[0].status == 200
    below, _ = await asked("/auth/health/live", proxy_path, host=())
    assert below.status == (400 if proxy_path == "stripped" else 200)


@pytest.mark.parametrize("proxy_path", ["either", "kept", "stripped"])
@pytest.mark.parametrize("dialect", ["standard", "tutorial"])
async def test_metrics_are_never_below_the_path(proxy_path: str, dialect: str) -> None:
    """AZ-11: a proxy passes on everything below the path, also `/auth/auth/metrics` as `/auth/metrics`."""
    for path in ("/auth/metrics", "/auth/metrics/", "/auth/Metrics", "/auth/auth/metrics"):
        reply, app = await asked(path, proxy_path, dialect=dialect)
        assert (reply.status, [scope["path"] for scope in app.seen if scope["path"] == "/metrics"]) == (404, [])
    _, app = await asked("/metrics", proxy_path)
    assert app.scope["path"] == "/metrics"


@pytest.mark.parametrize("proxy_path", ["either", "kept", "stripped"])
async def test_the_metadata_of_an_issuer_with_a_path_are_where_rfc_8414_expects_them(proxy_path: str) -> None:
    place = "/.well-known/oauth-authorization-server"
    _, app = await asked(f"{place}/auth", proxy_path, issuer_path="/auth")
    assert app.scope["path"] == app.scope["raw_path"].decode() == place
    for path in (f"{place}/auth/", f"{place}/auth/auth", f"{place}/other", f"{place}//auth", f"{place}auth"):
        reply, _ = await asked(path, proxy_path, issuer_path="/auth")
        assert reply.status == 404


async def test_without_a_path_nothing_is_removed() -> None:
    assert PublicPath.of(CONFIG) is None
    edge = EdgeMiddleware(Application(), CONFIG, ignore)
    assert (await ask(Application(), path="/auth/api/test/all", edge=edge)).status == 404


def test_every_first_segment_of_a_route_is_known_to_the_settings() -> None:
    """A path of the public URL that begins like a route is refused."""
    routes = create_app(make_async_container(), CONFIG).routes
    assert {route.path.split("/")[1] for route in routes} - {""} == OPERATIONS_SEGMENTS | OTHER_SEGMENTS
