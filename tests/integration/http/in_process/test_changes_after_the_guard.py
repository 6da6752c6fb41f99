"""Every route that changes something decides again when it does so: the guard has admitted the request, and then its
session ends, or its account may not do this any more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import pytest
from dishka import Provider, Scope, provide
from litestar import Litestar

from doorward.application.accounts.update_user import UserChanges
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import AccessTokens, PasswordHasher, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.decision import Requirement
from doorward.domain.access.role import ADMIN, Role, RoleName
from doorward.domain.accounts.invitation import Invitation
from doorward.domain.accounts.user import User
from doorward.domain.sessions.session import Session
from doorward.infrastructure.container import make_container
from doorward.infrastructure.memory.storage import MemoryStorage, MemoryTransaction
from doorward.infrastructure.memory.tables import MemoryDatabase
from doorward.infrastructure.settings.loading import load_settings
from doorward.interfaces.http.app import create_app
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.middleware import EdgeMiddleware
from doorward.interfaces.http.security.access import ACCESS, http_handlers
from doorward.interfaces.http.security.cross_site import READ_ONLY_METHODS
from doorward.testing.builders import OTHER_PASSWORD, PASSWORD, a_principal, a_session, a_token, a_user, an_invitation
from doorward.testing.doubles import NOON, FrozenClock, ListLog, PlainHasher, PlainTokens
from doorward.testing.storage_access import put
from support.house import House
from support.http.edge_driver import ignore

CONFIG = HttpConfig(allowed_hosts=frozenset({"127.0.0.1"}))
EDITOR, WRITER = RoleName("editor"), RoleName("writer")


@dataclass(slots=True)
class Gate:
    """Where a request stops between the guard and its transaction."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)


class GatedStorage(MemoryStorage):
    """Stops the first transaction at the gate, if there is one."""

    gate: Gate | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        gate, self.gate = self.gate, None
        if gate is not None:
            gate.reached.set()
            await gate.opened.wait()
        async with super().transaction() as tx:
            yield tx


class Parts(Provider):
    scope = Scope.APP

    def __init__(self) -> None:
        super().__init__()
        self.gated = GatedStorage()
        self.list_log = ListLog()

    @provide(override=True)
    def storage(self) -> Storage:
        return self.gated

    @provide(override=True)
    def tokens(self) -> AccessTokens:
        return PlainTokens()

    @provide(override=True)
    def hasher(self) -> PasswordHasher:
        return PlainHasher()

    @provide(override=True)
    def clock(self) -> Clock:
        return FrozenClock()

    @provide(override=True)
    def log(self) -> SecurityLog:
        return self.list_log


@dataclass(frozen=True, slots=True)
class App:
    parts: Parts
    litestar: Litestar


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    parts = Parts()
    settings = load_settings({"DOORWARD_DATA_DIR": str(tmp_path_factory.mktemp("data"))})
    return App(parts, create_app(make_container(settings, parts), CONFIG))


@dataclass(frozen=True, slots=True)
class Scene:
    """Ada, an admin, sends a request. Bob is whom her requests of administration are about."""

    house: House
    ada: User
    bob: User
    session: Session
    """The session of the request."""
    other: Session
    invitation: Invitation
    gone: User
    """An account that was deleted and can be restored."""

    @classmethod
    async def made(cls, app: App) -> "Scene":
        database = app.parts.gated.database = MemoryDatabase()
        app.parts.list_log.events.clear()
        ada, bob, root = a_user("ada", ADMIN), a_user("bob", WRITER), a_user("root", ADMIN)
        roles = [Role(name=name, created_at=NOON) for name in (EDITOR, WRITER)]
        gone = replace(a_user("gone"), deleted_at=NOON)
        scene = cls(House(database=database), ada, bob, a_session(ada), a_session(ada), an_invitation(), gone)
        things = scene.session, scene.other, scene.invitation, a_session(bob)
        await put(scene.house.storage, *roles, ada, bob, root, gone, *things)
        return scene


@dataclass(frozen=True, slots=True)
class Case:
    path: str
    body: Mapping[str, Any] | None = None


CHANGES: Mapping[str, Case] = {
    "POST /api/auth/signout": Case("/api/auth/signout"),
    "POST /api/auth/signout-all": Case("/api/auth/signout-all"),
    "PATCH /api/account": Case("/api/account", {"locale": "de", "profile": {}}),
    "DELETE /api/account": Case("/api/account", {"password": PASSWORD}),
    "POST /api/account/password": Case(
        "/api/account/password", {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}
    ),
    "POST /api/account/email": Case("/api/account/email", {"newEmail": "new@example.org", "password": PASSWORD}),
    "DELETE /api/account/sessions": Case("/api/account/sessions"),
    "DELETE /api/account/sessions/{session_id}": Case("/api/account/sessions/{other}"),
    "POST /api/admin/users": Case(
        "/api/admin/users",
        {"username": "eve", "email": "eve@example.org", "password": OTHER_PASSWORD, "roles": ["editor"]},
    ),
    "PATCH /api/admin/users/{user_id}": Case("/api/admin/users/{bob}", {"disabled": True}),
    "DELETE /api/admin/users/{user_id}": Case("/api/admin/users/{bob}"),
    "POST /api/admin/users/{user_id}/restore": Case("/api/admin/users/{gone}/restore"),
    "DELETE /api/admin/users/{user_id}/sessions": Case("/api/admin/users/{bob}/sessions"),
    "PUT /api/admin/users/{user_id}/roles/{role}": Case("/api/admin/users/{bob}/roles/editor"),
    "DELETE /api/admin/users/{user_id}/roles/{role}": Case("/api/admin/users/{bob}/roles/writer"),
    "POST /api/admin/users/{user_id}/password-reset": Case("/api/admin/users/{bob}/password-reset"),
    "POST /api/admin/users/{user_id}/verification": Case("/api/admin/users/{bob}/verification"),
    "PUT /api/admin/roles/{role}": Case("/api/admin/roles/editor", {"description": "edits"}),
    "POST /api/admin/invitations": Case("/api/admin/invitations", {"email": "eve@example.org", "roles": ["editor"]}),
    "DELETE /api/admin/invitations/{invitation_id}": Case("/api/admin/invitations/{invitation}"),
    "DELETE /api/admin/roles/{role}": Case("/api/admin/roles/editor"),
}
"""A request to each route that changes something for the account of its token."""

READING = frozenset({"POST /api/admin/explain"})
"""The routes for accounts that change nothing, although their method could."""

ADMINISTRATION = [route for route in CHANGES if "/api/admin/" in route]


async def answer(
    app: App, scene: Scene, route: str, meanwhile: Callable[[], Awaitable[object]]
) -> tuple[httpx2.Response, bool]:
    """Send the request, and do something after the guard has admitted it. Return the answer, and whether the request
    changed anything that is stored."""
    case, gate = CHANGES[route], Gate()
    app.parts.gated.gate = gate
    transport = httpx2.ASGITransport(EdgeMiddleware(app.litestar, CONFIG, ignore))  # type: ignore[arg-type]
    headers = {"Authorization": f"Bearer {a_token(scene.ada, scene.session.id)}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        named = {"bob": scene.bob.id, "other": scene.other.id, "invitation": scene.invitation.id, "gone": scene.gone.id}
        path = case.path.format(**named)
        request = asyncio.create_task(client.request(route.split(maxsplit=1)[0], path, json=case.body))
        reached = asyncio.create_task(gate.reached.wait())
        await asyncio.wait({request, reached}, return_when=asyncio.FIRST_COMPLETED)
        assert not request.done(), request.result().text
        await meanwhile()
        before = scene.house.database.tables
        gate.opened.set()
        answered = await request
    return answered, app.parts.gated.database.tables != before


def test_every_route_that_could_change_something_has_a_case(app: App) -> None:
    """AZ-07."""
    routes = {
        f"{method} {route.path_format}"
        for route, handler in http_handlers(app.litestar)
        for method in handler.http_methods - READ_ONLY_METHODS
        if isinstance(handler.opt[ACCESS], Requirement)
    }
    assert routes == {*CHANGES, *READING}


@pytest.mark.parametrize("route", CHANGES)
async def test_a_change_is_made_if_nothing_happens_meanwhile(app: App, route: str) -> None:
    async def nothing() -> None: ...

    answered, changed = await answer(app, await Scene.made(app), route, nothing)
    assert answered.is_success, answered.text
    assert changed


async def session_ended(scene: Scene) -> None:
    await scene.house.end(scene.ada.id, scene.session.id, OPERATOR)


async def signed_out_everywhere(scene: Scene) -> None:
    await scene.house.end_all(scene.ada.id, OPERATOR)


async def account_disabled(scene: Scene) -> None:
    await scene.house.update(scene.ada.id, UserChanges(disabled=True), OPERATOR)


async def password_set_by_the_operator(scene: Scene) -> None:
    house = scene.house
    await house.set_password(scene.ada.id, OTHER_PASSWORD, NOON, OPERATOR)


async def password_changed_in_another_session(scene: Scene) -> None:
    await scene.house.change_password(a_principal(scene.ada, scene.other), PASSWORD, OTHER_PASSWORD, NOON)


async def account_deleted(scene: Scene) -> None:
    await scene.house.delete_user(scene.ada.id, OPERATOR)


@pytest.mark.parametrize("route", CHANGES)
@pytest.mark.parametrize(
    "event",
    [
        session_ended,
        signed_out_everywhere,
        account_disabled,
        password_set_by_the_operator,
        password_changed_in_another_session,
        account_deleted,
    ],
)
async def test_a_request_whose_session_has_ended_meanwhile_changes_nothing(
    app: App, route: str, event: Callable[[Scene], Awaitable[None]]
) -> None:
    """AZ-07, LG-01."""
    scene = await Scene.made(app)
    answered, changed = await answer(app, scene, route, lambda: event(scene))
    assert not changed
    assert (answered.status_code, answered.json()["code"]) == (401, "invalid_token")
    assert answered.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    (refusal,) = app.parts.list_log.of(SecurityEvent.AUTHZ_FAIL)
    assert refusal["reason"] == ("account_missing" if event is account_deleted else "session_ended")
    assert (refusal["user_id"], refusal["session_id"]) == (str(scene.ada.id), str(scene.session.id))


@pytest.mark.parametrize("route", ADMINISTRATION)
async def test_an_admin_who_has_been_demoted_meanwhile_changes_nothing(app: App, route: str) -> None:
    """AZ-07, LG-01."""
    scene = await Scene.made(app)
    answered, changed = await answer(app, scene, route, lambda: scene.house.revoke(scene.ada.id, ADMIN, OPERATOR))
    assert not changed
    assert (answered.status_code, answered.json()["code"]) == (403, "insufficient_scope")
    assert answered.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'
    (refusal,) = app.parts.list_log.of(SecurityEvent.AUTHZ_FAIL)
    assert (refusal["reason"], refusal["required"]) == ("role_missing", "Require Admin Role!")
