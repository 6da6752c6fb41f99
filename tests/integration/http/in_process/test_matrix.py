"""Every route against everybody: whom it should let pass is written here, and what it does is shown over the wire."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from dishka import make_async_container
from litestar import Litestar, Request, asgi, get
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler
from litestar.types import Receive, Scope, Send

from doorward.domain.access.decision import SIGNED_IN, Requirement
from doorward.interfaces.http import app as application
from doorward.interfaces.http.app import create_app
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.security.access import (
    ACCESS,
    PUBLIC,
    SERVICE,
    UndeclaredAccess,
    http_handlers,
    require_guarded,
)
from doorward.interfaces.http.security.cookies import Cookies
from doorward.interfaces.http.security.guard import Guard
from doorward.testing.builders import PASSWORD
from support.http.in_process import App
from support.http.service import Account, Unique

CONFIG = HttpConfig(allowed_hosts=frozenset({"127.0.0.1"}))
NOBODYS_ID = "00000000-0000-7000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    template: str
    access: Requirement | str

    @property
    def path(self) -> str:
        return (
            self.template.replace("{role}", "nothing")
            .replace("{user_id}", NOBODYS_ID)
            .replace("{session_id}", NOBODYS_ID)
            .replace("{invitation_id}", NOBODYS_ID)
        )

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


def the_app() -> Litestar:
    """As it runs, but for the container, which nothing here asks."""
    return create_app(make_async_container(), CONFIG)


ROUTES = sorted(
    (
        Route(method, route.path_format, handler.opt[ACCESS])
        for route, handler in http_handlers(the_app())
        for method in handler.http_methods
        if method != "OPTIONS"
    ),
    key=str,
)

EVERYBODY = frozenset({"user", "moderator", "admin"})
STAFF = frozenset({"moderator", "admin"})
ADMINS = frozenset({"admin"})

GUARDED: Mapping[str, frozenset[str]] = {
    "GET /api/test/user": EVERYBODY,
    "GET /api/test/mod": frozenset({"moderator"}),
    "GET /api/test/admin": ADMINS,
    "GET /api/test/staff": STAFF,
    "POST /api/auth/signout": EVERYBODY,
    "POST /api/auth/signout-all": EVERYBODY,
    "GET /api/account": EVERYBODY,
    "PATCH /api/account": EVERYBODY,
    "DELETE /api/account": EVERYBODY,
    "POST /api/account/password": EVERYBODY,
    "POST /api/account/email": EVERYBODY,
    "GET /api/account/sessions": EVERYBODY,
    "DELETE /api/account/sessions": EVERYBODY,
    "DELETE /api/account/sessions/{session_id}": EVERYBODY,
    "GET /api/admin/users": ADMINS,
    "POST /api/admin/users": ADMINS,
    "GET /api/admin/users/{user_id}": ADMINS,
    "PATCH /api/admin/users/{user_id}": ADMINS,
    "DELETE /api/admin/users/{user_id}": ADMINS,
    "POST /api/admin/users/{user_id}/restore": ADMINS,
    "GET /api/admin/users/{user_id}/sessions": ADMINS,
    "DELETE /api/admin/users/{user_id}/sessions": ADMINS,
    "PUT /api/admin/users/{user_id}/roles/{role}": ADMINS,
    "DELETE /api/admin/users/{user_id}/roles/{role}": ADMINS,
    "POST /api/admin/users/{user_id}/verification": ADMINS,
    "POST /api/admin/users/{user_id}/password-reset": ADMINS,
    "GET /api/admin/invitations": ADMINS,
    "POST /api/admin/invitations": ADMINS,
    "DELETE /api/admin/invitations/{invitation_id}": ADMINS,
    "GET /api/admin/roles": ADMINS,
    "GET /api/admin/roles/{role}": ADMINS,
    "PUT /api/admin/roles/{role}": ADMINS,
    "DELETE /api/admin/roles/{role}": ADMINS,
    "POST /api/admin/explain": ADMINS,
    "GET /api/admin/audit": ADMINS,
    "GET /api/account/export": EVERYBODY,
}
"""Whom each guarded route lets pass, of three people with the role `user` and at most one other. Written by hand: who
adds a route or moves one to another role decides it here, too."""

OPEN = frozenset(
    {
        "GET /",
        "GET /.well-known/jwks.json",
        "GET /.well-known/oauth-authorization-server",
        "GET /.well-known/revocations",
        "GET /api/test/all",
        "GET /accept-invitation",
        "GET /docs",
        "GET /docs/docs.js",
        "GET /docs/openapi.json",
        "GET /docs/swagger-ui-bundle.js",
        "GET /docs/swagger-ui.css",
        "GET /health/live",
        "GET /health/ready",
        "GET /healthz",
        "GET /metrics",
        "GET /openapi.json",
        "GET /readyz",
        "GET /change-email",
        "GET /link-page.js",
        "GET /reset-password",
        "GET /undo",
        "GET /verify-email",
        "POST /api/auth/invitation",
        "POST /api/auth/password/forgot",
        "POST /api/auth/password/reset",
        "POST /api/auth/refresh",
        "POST /api/auth/signin",
        "POST /api/auth/signup",
        "POST /api/account/email/confirm",
        "POST /api/auth/undo",
        "POST /api/auth/verify",
        "POST /api/auth/verify/request",
    }
)
"""What is open to everybody, written out by hand: a route that joins them is a decision, not an oversight."""

FOR_SERVICES = frozenset({"POST /api/auth/introspect", "POST /api/auth/revoke"})
"""What registered services may do, and no account."""


LEAVING = frozenset({"POST /api/auth/signout", "POST /api/auth/signout-all"})
"""Who asks these is somebody for whom no other test asks."""


def everybody(server: App, stem: str) -> Mapping[str, Account]:
    disabled = server.create_user(f"{stem}-disabled", "moderator", "admin")
    with server.client(headers=server.admin.bearer) as admin:
        assert admin.patch(f"/api/admin/users/{disabled.id}", json={"disabled": True}).is_success
    return {
        "user": server.create_user(f"{stem}-user"),
        "moderator": server.create_user(f"{stem}-moderator", "moderator"),
        "admin": server.create_user(f"{stem}-admin", "admin"),
        "disabled": disabled,
    }


@pytest.fixture(scope="module")
def people(server: App) -> Mapping[str, Account]:
    return everybody(server, "matrix")


def test_every_route_of_the_application_is_in_the_matrix(server: App) -> None:
    """AZ-01: and those that are documented are no others."""
    assert {str(route) for route in ROUTES if route.access is PUBLIC} == OPEN
    assert {str(route) for route in ROUTES if route.access is SERVICE} == FOR_SERVICES
    assert {str(route) for route in ROUTES if isinstance(route.access, Requirement)} == set(GUARDED)
    with server.client() as client:
        documented = client.get("/openapi.json").json()["paths"]
    declared = OPEN | FOR_SERVICES | set(GUARDED)
    found = {f"{method.upper()} {path}" for path, item in documented.items() for method in item if method != "servers"}
    assert found <= declared


def test_who_may_create_an_account_with_roles_may_grant_roles() -> None:
    """AZ-01: otherwise somebody could create an account with more rights than their own."""
    access = {str(route): route.access for route in ROUTES}
    assert access["POST /api/admin/users"] == access["PUT /api/admin/users/{user_id}/roles/{role}"]
    assert access["POST /api/admin/invitations"] == access["PUT /api/admin/users/{user_id}/roles/{role}"]


@pytest.mark.parametrize("route", [route for route in ROUTES if isinstance(route.access, Requirement)], ids=str)
def test_a_guarded_route_lets_pass_whom_it_should_and_nobody_else(
    server: App, people: Mapping[str, Account], unique: Unique, route: Route
) -> None:
    """AZ-01: no token, bad token, user, moderator, admin, disabled."""
    if str(route) in LEAVING:
        people = everybody(server, unique("leaving"))
    with server.client() as client:
        assert send(client, route).status_code == 401
        assert send(client, route, Authorization=f"Bearer {people['admin'].token}x").status_code == 401
        assert send(client, route, **people["disabled"].bearer).status_code == 401
        for who in sorted(EVERYBODY):
            status = send(client, route, **people[who].bearer).status_code
            if who in GUARDED[str(route)]:
                assert status not in {401, 403}, who
                assert status < 500, who
            else:
                assert status == 403, who


@pytest.mark.parametrize("route", [route for route in ROUTES if route.access is SERVICE], ids=str)
def test_a_route_for_services_lets_no_account_pass(
    server: App, people: Mapping[str, Account], registered: tuple[str, str], route: Route
) -> None:
    """AZ-01: an admin's token opens it as little as an admin's password."""
    basic = httpx2.BasicAuth
    with server.client() as client:
        assert send(client, route).status_code == 401
        for account in (*people.values(), server.admin):
            assert send(client, route, **account.bearer).status_code == 401
            assert send(client, route, **{"x-access-token": account.token}).status_code == 401
        body = {"token": "x"}
        for auth in (basic(server.admin.username, PASSWORD), basic(registered[0], "x"), basic("x", registered[1])):
            assert client.request(route.method, route.path, json=body, auth=auth).status_code == 401
        assert client.request(route.method, route.path, json=body, auth=registered).status_code == 200


@pytest.mark.parametrize("route", [route for route in ROUTES if isinstance(route.access, Requirement)], ids=str)
def test_a_service_passes_for_no_account(server: App, registered: tuple[str, str], route: Route) -> None:
    """AZ-01."""
    with server.client(auth=registered) as client:
        assert send(client, route).status_code == 401


NEED_A_BODY = (
    "/api/auth/signin",
    "/api/auth/signup",
    "/api/auth/password/forgot",
    "/api/auth/password/reset",
    "/api/auth/verify",
    "/api/auth/verify/request",
    "/api/account/email/confirm",
    "/api/auth/undo",
    "/api/auth/invitation",
)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.access is PUBLIC], ids=str)
def test_an_open_route_asks_nobody_who_they_are(server: App, people: Mapping[str, Account], route: Route) -> None:
    """AZ-01."""
    with server.client() as client:
        statuses = [send(client, route, **headers).status_code for headers in ({}, people["disabled"].bearer)]
    without = {"/api/auth/refresh": 401} | dict.fromkeys(NEED_A_BODY, 400)
    if server.settings.public_path:  # what is below the path is for everybody
        without["/metrics"] = 404
    assert statuses == [without.get(route.path, 200)] * 2


def send(client: httpx2.Client, route: Route, **headers: str) -> httpx2.Response:
    body: dict[str, str] | None
    body = {} if route.method in {"POST", "PUT", "PATCH"} and "{user_id}/" not in route.template else None
    return client.request(route.method, route.path, headers=headers, json=body)


def test_a_route_that_declares_nothing_stops_the_application_from_being_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """AZ-01: deny by default."""

    @get("/forgotten")
    async def forgotten() -> str:
        return "open by oversight"

    monkeypatch.setattr(application, "ROUTES", [*application.ROUTES, forgotten])
    with pytest.raises(UndeclaredAccess, match="/forgotten"):
        the_app()
    with pytest.raises(UndeclaredAccess, match="declares no access"):
        built_of(get("/x", opt={ACCESS: "admin"})(forgotten.fn))


def built_of(route: HTTPRouteHandler | ASGIRouteHandler) -> None:
    guard = Guard(None, Cookies(CONFIG))  # type: ignore[arg-type]
    require_guarded(Litestar([route], openapi_config=None, before_request=guard), guard)


def test_no_route_stands_in_for_the_guard() -> None:
    """AZ-01: of several things to do before a request, Litestar does the nearest."""

    async def in_its_place(_: Request[Any, Any, Any]) -> None: ...

    @get("/unguarded", opt={ACCESS: SIGNED_IN}, before_request=in_its_place)
    async def unguarded() -> str:
        return "open by oversight"

    with pytest.raises(UndeclaredAccess, match="before_request of its own"):
        built_of(unguarded)


def test_there_is_no_way_in_that_is_not_http() -> None:
    """AZ-01: before what is mounted nothing would be asked."""

    @asgi("/mounted", is_mount=True, copy_scope=True, opt={ACCESS: SIGNED_IN})
    async def mounted(scope: Scope, receive: Receive, send: Send) -> None: ...

    with pytest.raises(UndeclaredAccess, match="/mounted"):
        built_of(mounted)
