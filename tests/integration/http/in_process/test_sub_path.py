"""A public URL with a path: through a proxy that keeps the path and one that strips it, every route and every address
that an answer contains is right."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from doorward.testing.builders import PASSWORD
from support.http.behind_proxy import cookies, sent
from support.http.edge_driver import ask
from support.http.in_process import App, in_process
from support.http.service import INTROSPECT, Unique, outcome
from support.http.sub_path import ORIGIN, PATH, PUBLIC_URL, Proxied
from support.jwt.material import read_claims

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
"""Addresses do not depend on where accounts are kept."""

NOBODYS_ID = "00000000-0000-7000-8000-000000000000"
TOKENS = ["__Secure-doorward-access", "__Secure-doorward-refresh"]
HOST = (b"host", b"example.com")
METADATA = "/.well-known/oauth-authorization-server"
ADDRESS = re.compile(r"https?://[^\s\"'<>`)]+")
LINK = re.compile(r'(?:href|src)="([^"]+)"')
OTHER_SPELLINGS = (
    "/auth/../api/test/admin",
    "/auth//api/test/admin",
    "//auth/api/test/admin",
    "/auth%2fapi/test/admin",
    "/auth/%2e%2e/auth/api/test/admin",
    "/%61uth/api/test/admin",
    "/AUTH/api/test/admin",
    "/authapi/test/admin",
    "/auth/auth/api/test/admin",
    "/api/test/../test/admin",
)


MODES = [("either", False), ("either", True), ("kept", False), ("stripped", True)]
"""The setting, and whether the proxy strips the path."""


@pytest.fixture(scope="module")
def apps(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], App]]:
    """Return the application with that setting, which all tests share."""
    with ExitStack() as stack:

        @cache
        def app(proxy_path: str) -> App:
            folder = tmp_path_factory.mktemp(f"path-{database}")
            return stack.enter_context(in_process(folder, public_url=PUBLIC_URL, proxy_path=proxy_path))

        yield app


@pytest.fixture(params=MODES, ids=lambda mode: f"{mode[0]} by a proxy that {'strips' if mode[1] else 'keeps'}")
def proxied(request: pytest.FixtureRequest, apps: Callable[[str], App]) -> Proxied:
    proxy_path, strips = request.param
    return Proxied(apps(proxy_path), strips=strips)


def operations(document: Any) -> list[tuple[str, str]]:
    return [
        (method.upper(), path) for path, item in document["paths"].items() for method in item if method != "servers"
    ]


def test_every_documented_operation_is_below_the_path_and_answers_as_at_the_root(proxied: Proxied, server: App) -> None:
    document = proxied.ask("GET", f"{PUBLIC_URL}/openapi.json").json()
    base = urljoin(f"{PUBLIC_URL}/openapi.json", document["servers"][0]["url"])
    assert base == PUBLIC_URL
    found = operations(document)
    assert found == operations(server.request("GET", "/openapi.json").json())
    for method, template in found:
        ids = dict.fromkeys(("user_id", "session_id", "invitation_id"), NOBODYS_ID)
        path = template.format(**ids, role="nothing")
        body: dict[str, Any] = {"json": {}} if method in {"POST", "PATCH"} else {}
        expected = server.request(method, path, **body)
        if path == "/metrics":
            assert document["paths"][path]["servers"] == [{"url": "/"}]
            continue
        answer = proxied.ask(method, base + path, **body)
        assert answer.status_code == expected.status_code, path
        if not expected.is_success:
            assert {**answer.json(), "requestId": ""} == {**expected.json(), "requestId": ""}, path


def test_every_address_in_an_answer_is_below_the_path_and_is_there(proxied: Proxied, unique: Unique) -> None:
    """The page and its files, the metadata, and whatever an answer or its headers name."""
    account = signed_in(proxied, unique("walker"))
    bearer = {"Authorization": f"Bearer {account['accessToken']}"}
    document = proxied.ask("GET", f"{PUBLIC_URL}/openapi.json").json()
    paths = {path for method, path in operations(document) if method == "GET"} - {"/metrics"}
    seen: set[str] = set()
    for path in [*paths, "", "/", "/docs", "/docs/docs.js", "/nowhere", METADATA]:
        address = PUBLIC_URL + path.format(user_id=account["id"], session_id=NOBODYS_ID, role="user")
        answer = proxied.ask("GET", address, headers=bearer)
        text = "\n".join([answer.text, *(f"{name}: {value}" for name, value in answer.headers.items())])
        seen |= {found for found in ADDRESS.findall(text) if found.startswith(ORIGIN)}
        if path == "/docs":
            links = {urljoin(address, link) for link in LINK.findall(text) if not link.startswith("data:")}
            assert links == {f"{PUBLIC_URL}/{name}" for name in PAGE_FILES}
            seen |= links
        assert "location" not in answer.headers
    assert seen >= {f"{PUBLIC_URL}/.well-known/jwks.json", PUBLIC_URL}
    for address in seen:
        assert address == PUBLIC_URL or address.startswith(f"{PUBLIC_URL}/"), address
        assert proxied.ask("GET", address).status_code in {200, 405}, address


PAGE_FILES = ("docs/swagger-ui.css", "docs/swagger-ui-bundle.js", "docs/docs.js", "openapi.json")


def test_the_metadata_are_where_rfc_8414_expects_them_and_name_the_issuer_of_the_tokens(
    proxied: Proxied, unique: Unique
) -> None:
    outside = proxied.ask("GET", f"{ORIGIN}{METADATA}{PATH}")
    found = outside.json()
    assert found == proxied.ask("GET", f"{PUBLIC_URL}{METADATA}").json()
    assert found["issuer"] == PUBLIC_URL
    assert read_claims(signed_in(proxied, unique("claimed"))["accessToken"])["iss"] == PUBLIC_URL
    for name in ("jwks_uri", "introspection_endpoint", "revocation_endpoint", "doorward_revocations_uri"):
        assert found[name].startswith(f"{PUBLIC_URL}/"), name
    assert proxied.ask("GET", found["jwks_uri"]).json()["keys"]


def test_a_service_introspects_below_the_path(proxied: Proxied, unique: Unique) -> None:
    service = proxied.app.add_service(unique("below"))
    token = signed_in(proxied, unique("asked"))["accessToken"]
    answer = proxied.ask("POST", PUBLIC_URL + INTROSPECT, data={"token": token}, auth=service)
    assert (answer.json()["active"], answer.json()["iss"]) == (True, PUBLIC_URL)
    refused = proxied.ask("POST", PUBLIC_URL + INTROSPECT, data={"token": token})
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_cookies_are_for_the_path_alone(proxied: Proxied, unique: Unique) -> None:
    """RF-15: other programs of the host never get them. `__Host-` would send them to every path."""
    name = unique("keeping")
    proxied.sign_up(name)
    first = from_page(proxied, "/api/auth/signin", "", json={"username": name, "password": PASSWORD, "cookies": True})
    second = from_page(proxied, "/api/auth/refresh", sent(first))
    for held, names in ((cookies(first), [*TOKENS, "__Secure-doorward-device"]), (cookies(second), TOKENS)):
        assert sorted(held) == sorted(names)
        for morsel in held.values():
            assert (morsel["path"], morsel["domain"], morsel["samesite"].lower()) == (PATH, "", "lax")
            assert (bool(morsel["secure"]), bool(morsel["httponly"])) == (True, True)
    assert proxied.ask("GET", f"{PUBLIC_URL}/api/account", headers={"Cookie": sent(second)}).status_code == 200
    cleared = cookies(from_page(proxied, "/api/auth/signout", sent(second)))
    assert [(morsel["path"], morsel["max-age"]) for morsel in cleared.values()] == [(PATH, "0")] * 2


@pytest.mark.parametrize("origin", [PUBLIC_URL, "https://example.com.evil.example", "http://example.com", "null"])
def test_an_origin_has_no_path(proxied: Proxied, origin: str) -> None:
    """RF-15: pages of the public origin may change something, and a browser never sends a path."""
    refused = from_page(proxied, "/api/auth/refresh", "__Secure-doorward-refresh=x", origin=origin)
    assert outcome(refused) == (403, "cross_site_request")


def test_answers_make_no_rule_for_the_subdomains_of_a_shared_host(proxied: Proxied) -> None:
    """HT-01."""
    answer = proxied.ask("GET", f"{PUBLIC_URL}/")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_the_document_names_the_cookie_that_is_set(proxied: Proxied) -> None:
    document = proxied.ask("GET", f"{PUBLIC_URL}/openapi.json").json()
    assert document["components"]["securitySchemes"]["cookie"]["name"] == "__Secure-doorward-access"


def test_health_routes_answer_the_container_and_the_balancer(proxied: Proxied) -> None:
    """AZ-11: at the service itself without the path, through the proxy with it."""
    for path in ("/health/live", "/health/ready", "/healthz", "/readyz"):
        assert proxied.app.request("GET", path, headers={"Host": "10.0.0.7:8080"}).status_code == 200
        assert proxied.ask("GET", PUBLIC_URL + path).status_code == 200


def test_metrics_are_at_the_service_itself_and_not_below_the_path(proxied: Proxied) -> None:
    """AZ-11."""
    assert proxied.app.request("GET", "/metrics").status_code == 200
    for path in ("/auth/metrics", "/auth/auth/metrics"):
        assert proxied.app.request("GET", path).status_code == 404


def test_no_other_spelling_of_the_path_gets_past_the_guard(proxied: Proxied, unique: Unique) -> None:
    """AZ-11: not even with the token of an admin."""
    name = unique("spelling")
    proxied.app.create_admin(name)
    bearer = (b"authorization", f"Bearer {proxied.sign_in(name)['accessToken']}".encode())
    right = proxied.passed_on("/auth/api/test/admin")
    expected = dict.fromkeys(OTHER_SPELLINGS, 404) | {right: 200}
    for target, status in expected.items():
        request = ask(proxied.app.app, path=target, headers=[bearer], host=[HOST], edge=proxied.app.app)  # type: ignore[arg-type]
        assert proxied.app.loop.run(request).status == status, target


def signed_in(proxied: Proxied, name: str) -> Mapping[str, Any]:
    proxied.sign_up(name)
    return proxied.sign_in(name)


def from_page(proxied: Proxied, path: str, cookie: str, *, origin: str = ORIGIN, **options: Any) -> httpx2.Response:
    headers = {"Origin": origin, "Content-Type": "application/json", **({"Cookie": cookie} if cookie else {})}
    return proxied.ask("POST", PUBLIC_URL + path, headers=headers, **options)
