"""HTTP Basic of services, and what the guard logs when it refuses one."""

from base64 import b64encode
from typing import Any
from urllib.parse import quote_plus

import pytest
from dishka import Provider, Scope, make_async_container, provide
from hypothesis import given
from hypothesis import strategies as st
from litestar import Request

from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.services.authenticate_client import AuthenticateClient
from doorward.application.services.register_service import RegisterService
from doorward.domain.access.actor import OPERATOR
from doorward.domain.errors import InvalidClient
from doorward.infrastructure.security.service_secrets import RandomServiceSecrets
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.security.access import ACCESS, SERVICE
from doorward.interfaces.http.security.cookies import Cookies
from doorward.interfaces.http.security.guard import Guard, current_service
from doorward.interfaces.http.security.http_basic import MAX_CREDENTIALS_CHARACTERS, client_credentials
from doorward.testing.doubles import NOON
from support.house import House

COOKIES = Cookies(HttpConfig(allowed_hosts=frozenset()))
SECRETS = RandomServiceSecrets()
ID, SECRET = "service-" + "_-Az09" * 3 + "abcd", "-_" + "Zz9" * 13 + "ab"


def basic(pair: str | bytes, scheme: bytes = b"Basic ") -> tuple[bytes, bytes]:
    return b"authorization", scheme + b64encode(pair.encode() if isinstance(pair, str) else pair)


@pytest.mark.parametrize(
    "header",
    [
        basic(f"{ID}:{SECRET}"),
        basic(f"{ID}:{SECRET}", b"basic "),
        basic(f"{ID}:{SECRET}", b"BASIC   "),
        basic(f"{ID}:{SECRET}".replace("-", "%2D").replace("_", "%5f")),
        basic("".join(f"%{ord(letter):02X}" for letter in ID) + ":" + SECRET),
    ],
)
def test_id_and_secret_are_read_in_every_encoding_that_clients_use(header: tuple[bytes, bytes]) -> None:
    """RFC 6749, section 2.3.1."""
    assert client_credentials([(b"host", b"x"), header]) == (ID, SECRET)


@given(
    *[st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)] * 2,
)
def test_id_and_secret_are_read_as_the_client_encoded_them(client_id: str, secret: str) -> None:
    assert client_credentials([basic(f"{quote_plus(client_id)}:{quote_plus(secret)}")]) == (client_id, secret)


ENCODED = b64encode(f"{ID}:{SECRET}".encode())


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"")],
        [(b"authorization", b"Basic")],
        [(b"authorization", b"Basic ")],
        [(b"authorization", b"Bearer " + ENCODED)],
        [(b"authorization", b"Basic" + ENCODED)],
        [(b"authorization", b"Basic\t" + ENCODED)],
        [(b"authorization", b"Basic " + ENCODED + b"\t")],
        [(b"authorization", b"Basic " + ENCODED + b"=")],
        [(b"authorization", b"Basic " + ENCODED[:-1])],
        [(b"authorization", b"Basic " + ENCODED[:9] + b"\n" + ENCODED[9:])],
        [(b"authorization", b"Basic " + ENCODED[:9] + b"!" + ENCODED[9:])],
        [(b"authorization", b"Basic \xff\xfe")],
        [(b"authorization", b"Basic eDp5")] * 2,
        [(b"authorization", b"Basic eDp6" + b"=")],
        [(b"authorization", b"Basic eDr=")],
        [(b"x-access-token", b"Basic " + ENCODED)],
        [basic("no colon")],
        [basic(f"{ID}:{SECRET}%")],
        [basic(f"{ID}:{SECRET}%4")],
        [basic(f"{ID}%zz:{SECRET}")],
        [basic(f"{ID}:%00")],
        [basic(b"\xff:\xff")],
        [basic("%ff:%ff")],
        [basic("x:" + "y" * MAX_CREDENTIALS_CHARACTERS)],
    ],
)
def test_malformed_credentials_are_refused(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(InvalidClient):
        client_credentials(headers)


class Parts(Provider):
    scope = Scope.APP

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house

    @provide
    def clients(self) -> AuthenticateClient:
        return AuthenticateClient(self.house.services, SECRETS)

    @provide
    def log(self) -> SecurityLog:
        return self.house.log


class Handler:
    opt = {ACCESS: SERVICE}  # noqa: RUF012 as Litestar has it


async def through(house: House, *headers: tuple[bytes, bytes]) -> Request[Any, Any, Any]:
    """Return the request after the guard has admitted it."""
    scope: Any = {
        "type": "http",
        "route_handler": Handler,
        "path_template": "/api/auth/introspect",
        "method": "POST",
        "headers": headers,
        "state": {},
    }
    request: Request[Any, Any, Any] = Request(scope)
    assert await Guard(make_async_container(Parts(house)), COOKIES)(request) is None
    return request


async def test_a_route_for_services_gets_the_service_that_calls() -> None:
    house = House()
    made = await RegisterService(house.storage, SECRETS, house.log)("billing", NOON, OPERATOR)
    assert current_service(await through(house, basic(f"{made.service.id}:{made.secret}"))) == made.service
    assert house.log.of(SecurityEvent.AUTHZ_FAIL) == []


async def test_the_refusal_of_a_client_is_logged_without_its_credentials() -> None:
    """LG-01, LG-03."""
    house = House()
    made = await RegisterService(house.storage, SECRETS, house.log)("billing", NOON, OPERATOR)
    attempts = [[], [basic("x")], [basic(f"{made.service.id}:{SECRET}")], [(b"authorization", b"Bearer t.t.t")]]
    for headers in attempts:
        with pytest.raises(InvalidClient):
            await through(house, *headers)
    assert house.log.of(SecurityEvent.AUTHZ_FAIL) == [
        {
            "method": "POST",
            "route": "/api/auth/introspect",
            "reason": "invalid_client",
            "required": "service",
            "user_id": None,
        }
    ] * len(attempts)
