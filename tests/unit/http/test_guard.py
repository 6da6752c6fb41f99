"""Where a request presents its token, and what the guard logs when it refuses."""

from typing import Any

import pytest
from dishka import Provider, Scope, make_async_container, provide
from litestar import Request

from doorward.application.access.authorize_from_cache import AuthorizeFromCache
from doorward.application.access.authorize_role import AuthorizeRole
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import AccessTokens, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.decision import SIGNED_IN, Requirement, any_of
from doorward.domain.access.principal import Principal
from doorward.domain.access.role import ADMIN, MODERATOR
from doorward.domain.errors import DomainError, InvalidToken, RoleRequired
from doorward.domain.sessions.session import new_session_id
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.request_headers import HEADERS_BY_NAME
from doorward.interfaces.http.errors.refusals import AmbiguousToken, TokenRequired
from doorward.interfaces.http.security.access import ACCESS, PUBLIC
from doorward.interfaces.http.security.cookies import Cookies
from doorward.interfaces.http.security.guard import Guard, current_principal
from doorward.interfaces.http.security.presented_token import bare_token_in_headers, token_in_headers
from doorward.testing.builders import a_token
from doorward.testing.doubles import PlainTokens
from support.house import House

Headers = list[tuple[bytes, bytes]]
COOKIES = Cookies(HttpConfig(allowed_hosts=frozenset()))


def authorization(value: bytes) -> tuple[bytes, bytes]:
    return b"authorization", value


def x_access_token(value: bytes) -> tuple[bytes, bytes]:
    return b"x-access-token", value


@pytest.mark.parametrize(
    "headers",
    [
        [authorization(b"Bearer t.t.t")],
        [authorization(b"bearer t.t.t")],
        [authorization(b"BEARER   t.t.t ")],
        [x_access_token(b"t.t.t")],
        [x_access_token(b" t.t.t ")],
        [authorization(b"Bearer t.t.t"), x_access_token(b"t.t.t")],
        [authorization(b"Basic dTpw"), x_access_token(b"t.t.t")],
        [(b"host", b"x"), authorization(b"Bearer t.t.t"), x_access_token(b"")],
    ],
)
def test_a_token_is_found_in_every_header_that_may_hold_it(headers: Headers) -> None:
    """TK-17."""
    assert token_in_headers(dict(headers)) == "t.t.t"


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ([authorization(b"")], TokenRequired),
        ([authorization(b"Bearer")], TokenRequired),
        ([authorization(b"Bearer ")], TokenRequired),
        ([authorization(b"Basic dTpw")], TokenRequired),
        ([authorization(b"Bearert.t.t")], TokenRequired),
        ([authorization(b"t.t.t")], TokenRequired),
        ([x_access_token(b" ")], TokenRequired),
        ([authorization(b"Bearer a"), x_access_token(b"b")], AmbiguousToken),
    ],
)
def test_a_missing_token_and_two_different_tokens_are_refused(headers: Headers, refusal: type[DomainError]) -> None:
    """TK-17."""
    with pytest.raises(refusal):
        token_in_headers(dict(headers))


@pytest.mark.parametrize(
    "headers",
    [
        [authorization(b"t.t.t")],
        [authorization(b"bearer  t.t.t ")],
        [x_access_token(b"Bearer t.t.t")],
        [authorization(b"t.t.t"), x_access_token(b"Bearer t.t.t")],
        [authorization(b"Basic dTpw"), x_access_token(b"t.t.t")],
        [authorization(b"Bearer"), x_access_token(b"t.t.t")],
        [authorization(b"Bearer t.t.t"), x_access_token(b"")],
    ],
)
def test_in_the_tutorial_dialect_a_token_may_have_bearer_or_not(headers: Headers) -> None:
    """TK-17."""
    assert bare_token_in_headers(dict(headers)) == "t.t.t"


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ([authorization(b"")], TokenRequired),
        ([authorization(b" Bearer ")], TokenRequired),
        ([authorization(b"Basic dTpw")], TokenRequired),
        ([authorization(b"t.t.t t.t.t")], TokenRequired),
        ([authorization(b"a"), x_access_token(b"b")], AmbiguousToken),
        ([authorization(b"Bearer a"), x_access_token(b"Bearer b")], AmbiguousToken),
    ],
)
def test_in_the_tutorial_dialect_too_there_is_one_token(headers: Headers, refusal: type[DomainError]) -> None:
    """TK-17."""
    with pytest.raises(refusal):
        bare_token_in_headers(dict(headers))


class Parts(Provider):
    scope = Scope.APP

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house

    @provide
    def tokens(self) -> AccessTokens:
        return PlainTokens()

    @provide
    def authorize_from_cache(self) -> AuthorizeFromCache:
        return self.house.authorize_from_cache

    @provide
    def authorize(self) -> AuthorizeRole:
        return self.house.authorize

    @provide
    def clock(self) -> Clock:
        return self.house.clock

    @provide
    def log(self) -> SecurityLog:
        return self.house.log


class Handler:
    def __init__(self, access: Requirement | str) -> None:
        self.opt = {ACCESS: access}


async def through(house: House, access: Requirement | str, token: str | None) -> Request[Any, Any, Any]:
    """Return the request after the guard has admitted it."""
    scope: Any = {
        "type": "http",
        "route_handler": Handler(access),
        "path_template": "/things/{id}",
        "method": "GET",
        "headers": [],
        "state": {HEADERS_BY_NAME: dict([authorization(b"Bearer " + token.encode())]) if token else {}},
    }
    request: Request[Any, Any, Any] = Request(scope)
    assert await Guard(make_async_container(Parts(house)), COOKIES)(request) is None
    return request


async def test_a_public_route_needs_no_token() -> None:
    house = House()
    await through(house, PUBLIC, None)
    await through(house, PUBLIC, "nonsense")
    assert house.log.events == []


async def test_a_guarded_route_gets_the_account_and_the_session() -> None:
    house = House()
    ada = await house.with_user("ada", MODERATOR)
    session_id = new_session_id(house.clock.now())
    token = a_token(ada, session_id)
    for access in (SIGNED_IN, any_of(MODERATOR), any_of(MODERATOR, ADMIN)):
        request = await through(house, access, token)
        assert current_principal(request) == Principal(
            user_id=ada.id, session_id=session_id, epoch=ada.epoch, requirement=access, admitted_at=house.clock.now()
        )
    assert house.log.of(SecurityEvent.AUTHZ_FAIL) == []


@pytest.mark.parametrize(
    ("case", "refusal", "reason"),
    [
        ("no token", TokenRequired, "token_required"),
        ("bad token", InvalidToken, "invalid_token"),
        ("no role", RoleRequired, "role_missing"),
        ("disabled", InvalidToken, "account_disabled"),
        ("gone", InvalidToken, "account_missing"),
        ("renewed", InvalidToken, "token_revoked"),
    ],
)
async def test_a_refusal_is_logged_with_route_and_reason(case: str, refusal: type[DomainError], reason: str) -> None:
    """LG-01."""
    house = House()
    ada = await house.with_user("ada", disabled=case == "disabled")
    if case == "renewed":
        issued_to = ada.with_password(ada.password_hash)
    elif case == "gone":
        issued_to = await House().with_user("ada")
    else:
        issued_to = ada
    token = {"no token": None, "bad token": "nonsense"}.get(case, a_token(issued_to))
    with pytest.raises(refusal):
        await through(house, any_of(ADMIN), token)
    (event,) = house.log.of(SecurityEvent.AUTHZ_FAIL)
    assert (event["method"], event["route"], event["reason"]) == ("GET", "/things/{id}", reason)
    assert event["required"] == "Require Admin Role!"
    assert event["user_id"] == (None if case in {"no token", "bad token"} else str(issued_to.id))
