"""A path of a host with other programs, behind nginx that keeps the path or strips it."""

import re
from urllib.parse import urljoin

import pytest

from doorward.testing.builders import PASSWORD
from support.http.behind_proxy import Site, cookies, sent
from support.http.service import Unique, outcome
from support.jwt.material import read_claims

METADATA = "/.well-known/oauth-authorization-server"
JSON = {"Content-Type": "application/json"}
SPELLINGS = (
    *("/auth/metrics", "/auth/metrics/", "/auth/Metrics", "/auth//metrics", "/auth/%6detrics", "/auth/./metrics"),
    *("/auth/auth/metrics", "/auth/%2fmetrics", "/auth/x/../metrics", "/auth%2fmetrics", "/auth/%2e%2e/auth/metrics"),
    *("/metrics", "//metrics", "/auth/../metrics", "/auth/..%2fmetrics", "/authmetrics"),
)
ADMIN_SPELLINGS = (
    *("/auth/api/admin/roles", "/auth/auth/api/admin/roles", "/auth/api%2fadmin/roles", "/auth//api//admin//roles"),
    *("/auth/./api/admin/roles", "/auth/x/../api/admin/roles", "/auth/api/%61dmin/roles", "/auth/api/admin/roles/"),
    *("/auth%2fapi/admin/roles", "/auth/auth%2fapi/admin/roles", "/auth/%2fapi/admin/roles", "/auth/Api/admin/roles"),
)


def test_every_address_that_the_service_tells_leads_there(path_site: Site, unique: Unique) -> None:
    site = path_site
    assert site.ask("GET", "").json() == site.ask("GET", "/").json()
    found = site.ask("GET", f"{site.origin}{METADATA}/auth").json()
    assert found == site.ask("GET", METADATA).json()
    assert site.ask("GET", found["jwks_uri"]).json()["keys"]
    assert site.ask("POST", found["introspection_endpoint"], data={"token": "x"}).status_code == 401
    page = site.ask("GET", "/docs").text
    for link in re.findall(r'(?:href|src)="(/[^"]+)"', page):
        assert site.ask("GET", urljoin(f"{site.public_url}/docs", link)).headers["x-request-id"], link
    document = site.ask("GET", "/openapi.json").json()
    server = urljoin(f"{site.public_url}/openapi.json", document["servers"][0]["url"])
    assert site.ask("GET", f"{server}/api/test/all").status_code == 200
    name = unique("below")
    site.sign_up(name)
    assert read_claims(site.sign_in(name)["accessToken"])["iss"] == found["issuer"] == site.public_url


def test_a_person_signs_in_with_cookies_for_the_path(path_site: Site, unique: Unique) -> None:
    """RF-15."""
    site, name = path_site, unique("cookie")
    site.sign_up(name)
    page = {"Origin": site.origin, **JSON}
    body = {"username": name, "password": PASSWORD, "cookies": True}
    signed_in = site.ask("POST", "/api/auth/signin", json=body, headers=page)
    assert {morsel["path"] for morsel in cookies(signed_in).values()} == {"/auth"}
    assert all(name.startswith("__Secure-doorward-") for name in cookies(signed_in))
    assert site.ask("GET", "/api/account", headers={"Cookie": sent(signed_in)}).json()["username"] == name
    assert site.ask("POST", "/api/auth/signout", headers={**page, "Cookie": sent(signed_in)}).status_code == 204


@pytest.mark.parametrize("target", SPELLINGS)
def test_metrics_are_not_public_below_the_path(path_site: Site, target: str) -> None:
    """AZ-11."""
    assert path_site.server.request("GET", "/metrics").text.startswith("# HELP")
    assert "# HELP" not in path_site.exactly(target)[1]


def test_other_programs_of_the_host_are_not_touched(path_site: Site) -> None:
    for target in ("/", "/api/test/all", "/authx", "/.well-known/jwks.json", f"{METADATA}/other", METADATA):
        assert path_site.exactly(target) == (200, "another program")


@pytest.mark.parametrize("target", ADMIN_SPELLINGS)
def test_a_rule_of_the_proxy_for_a_route_cannot_be_passed_by(path_site: Site, target: str) -> None:
    """AZ-11: nginx refuses everything below `/auth/api/admin/`; the guard of Doorward is never asked."""
    assert outcome(path_site.ask("GET", "/api/account")) == (401, "token_required")
    assert path_site.exactly(target)[0] in {403, 404}
