"""The service mounted under a path in another program: a short form of what the full length runs on every test here."""

from collections.abc import Iterator
from urllib.parse import urljoin

import httpx2
import pytest

from doorward.testing.builders import PASSWORD
from support.http.behind_proxy import cookies, sent
from support.http.letters import letters_to, link_of
from support.http.mounted import METADATA_PATH, PATH, MountedApp, mounted
from support.http.service import Unique, somebody


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MountedApp]:
    with mounted(tmp_path_factory.mktemp("mounted"), email_verification="optional") as service:
        yield service


def from_the_host(app: MountedApp, path: str, **headers: str) -> httpx2.Response:
    """The answer to a GET for a path of the whole program."""
    with app.client(headers=headers) as client:
        return client.get(app.origin + path)


def test_people_sign_up_sign_in_and_are_let_in_below_the_path(app: MountedApp, unique: Unique) -> None:
    ada = app.create_user(unique("ada"), "moderator")
    assert app.request("GET", "/api/test/mod", headers=ada.bearer).text == "Moderator Content."
    assert app.lets_in(app.refreshed(ada))


def test_the_host_keeps_its_own_routes(app: MountedApp) -> None:
    assert from_the_host(app, "/").text == "The host's own page."
    assert from_the_host(app, "/api/test/all").status_code == 404
    assert from_the_host(app, f"{PATH}/api/test/all").text == "Public Content."


def test_the_addresses_in_letters_headers_and_documents_are_below_the_path(app: MountedApp, unique: Unique) -> None:
    name = unique("grace")
    made = app.request("POST", "/api/admin/users", json=somebody(name), headers=app.admin.bearer)
    assert made.headers["location"] == f"{app.url}/api/admin/users/{made.json()['id']}"
    (letter,) = letters_to(app, f"{name}@example.org")
    page, _ = link_of(letter)
    assert page == f"{app.url}/verify-email"
    assert from_the_host(app, page.removeprefix(app.origin)).status_code == 200
    document = app.request("GET", "/openapi.json").json()
    assert urljoin(f"{app.url}/openapi.json", document["servers"][0]["url"]) == app.url
    metadata = from_the_host(app, METADATA_PATH).json()
    assert metadata["issuer"] == app.url
    assert metadata["jwks_uri"] == f"{app.url}/.well-known/jwks.json"


def test_cookies_are_for_the_path_and_work_there(app: MountedApp, unique: Unique) -> None:
    ada = app.create_user(unique("cookie"))
    body = {"username": ada.username, "password": PASSWORD, "cookies": True}
    signed_in = app.request("POST", "/api/auth/signin", json=body, headers={"Origin": app.origin})
    assert {morsel["path"] for morsel in cookies(signed_in).values()} == {PATH}
    assert app.request("GET", "/api/account", headers={"Cookie": sent(signed_in)}).json()["username"] == ada.username


def test_answers_do_not_speak_for_the_server_of_the_host(app: MountedApp) -> None:
    """How long a connection stays open is up to the host. Its metrics are on a route of its own, if anywhere."""
    assert "keep-alive" not in app.request("GET", "/").headers
    assert app.request("GET", "/metrics").status_code == 404
    assert app.request("GET", "/health/ready").status_code == 200


@pytest.mark.parametrize("path", [f"{PATH}x/api/test/all", f"{PATH}//api/test/all", "/%61uth/api/test/all"])
def test_no_other_spelling_of_the_path_is_served(app: MountedApp, path: str) -> None:
    assert from_the_host(app, path).status_code == 404
