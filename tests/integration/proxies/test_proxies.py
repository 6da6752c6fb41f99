"""What clients and operators get through each proxy with the files of deploy/."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from doorward.testing.builders import PASSWORD
from support.http.behind_proxy import CLIENT, Site, cookies, sent
from support.http.service import Unique, outcome
from support.jwt.material import read_claims
from support.programs.processes import connections_to, eventually

FEED = "/.well-known/revocations"
JSON = {"Content-Type": "application/json"}
METRICS = (
    *("/metrics", "/metrics/", "/METRICS", "/Metrics/", "//metrics", "/%6detrics", "/./metrics", "/x/../metrics"),
    *("/metrics?x=1", "/metrics%2f", "/%2e/metrics", "/x/%2e%2e/metrics", "/metrics/."),
)


def test_a_person_signs_in_with_cookies_refreshes_and_signs_out(site: Site, unique: Unique) -> None:
    name = unique("cookie")
    site.sign_up(name)
    page = {"Origin": site.origin, **JSON}
    body = {"username": name, "password": PASSWORD, "cookies": True}
    signed_in = site.ask("POST", "/api/auth/signin", json=body, headers=page)
    assert all(name.startswith("__Host-doorward-") for name in cookies(signed_in))
    account = site.ask("GET", "/api/account", headers={"Cookie": sent(signed_in)})
    assert (account.status_code, account.json()["username"]) == (200, name)
    refreshed = site.ask("POST", "/api/auth/refresh", headers={**page, "Cookie": sent(signed_in)})
    assert refreshed.status_code == 200
    foreign = {**page, "Origin": "https://evil.example", "Cookie": sent(refreshed)}
    assert outcome(site.ask("POST", "/api/auth/signout", headers=foreign)) == (403, "cross_site_request")
    assert site.ask("POST", "/api/auth/signout", headers={**page, "Cookie": sent(refreshed)}).status_code == 204
    assert site.ask("GET", "/api/account", headers={"Cookie": sent(refreshed)}).status_code == 401


def test_the_log_has_the_address_of_the_client_and_the_request_id(site: Site, unique: Unique) -> None:
    """SI-09: an address that the client writes itself does not count."""
    name = unique("traced")
    site.sign_up(name)
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    body = {"username": name, "password": PASSWORD}
    request_id = unique("request-id-")
    answer = site.ask("POST", "/api/auth/signin", json=body, headers={**forged, "X-Request-Id": request_id})
    site.server.hide(answer)
    assert answer.headers["x-request-id"] == request_id
    line = site.server.line(event="authn_login_success", request_id=request_id)
    assert line["ip"] == CLIENT


def test_a_request_without_an_id_gets_one_of_doorward(site: Site) -> None:
    answer = site.ask("GET", "/")
    assert len(answer.headers["x-request-id"]) == 24
    assert answer.headers.get("server", "nginx") == "nginx"


def test_a_foreign_host_is_refused(site: Site) -> None:
    """HT-09: by Doorward, or by a proxy that knows its hosts itself."""
    status, text = site.exactly("/", Host="evil.example")
    assert "Welcome" not in text
    if site.place.folder.name.startswith("nginx"):
        assert (status, "misdirected_request" in text) == (421, True)


def test_a_body_beyond_the_limit_is_refused_by_the_proxy(site: Site) -> None:
    """With 413. Caddy 2.6 answers 502."""
    body = {"username": "x" * 20_000, "password": PASSWORD}
    answer = site.ask("POST", "/api/auth/signin", json=body)
    assert answer.status_code in {413, 502}
    assert "x-request-id" not in answer.headers


@pytest.mark.parametrize("target", METRICS)
def test_metrics_are_not_public(site: Site, target: str) -> None:
    assert site.server.request("GET", "/metrics").text.startswith("# HELP")
    assert "# HELP" not in site.exactly(target)[1]


def test_a_service_that_waits_for_ended_sessions_gets_them(site: Site, unique: Unique) -> None:
    """TK-16: the proxy does not end the request before Doorward answers."""
    name = unique("waited-for")
    site.sign_up(name)
    account = site.sign_in(name)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_for, site, read_claims(account["accessToken"])["sid"])
        bearer = {"Authorization": f"Bearer {account['accessToken']}"}
        assert site.ask("POST", "/api/auth/signout", headers=bearer).status_code == 204
        waiting.result()


def wait_for(site: Site, session_id: str) -> None:
    """Return when the list contains the session, as a client that always waits for the next list."""
    answer = site.ask("GET", FEED)
    while session_id not in str(read_claims(answer.text)):
        following = site.ask("GET", FEED, headers={"If-None-Match": answer.headers["etag"], "Prefer": "wait=20"})
        assert following.status_code in {200, 304}
        answer = following if following.status_code == 200 else answer


@pytest.mark.full
def test_the_longest_wait_is_answered_by_doorward(site: Site) -> None:
    """TK-16: after 30 seconds without news, with 304."""

    def waited_to_the_end() -> bool:
        tag = site.ask("GET", FEED).headers["etag"]
        answer = site.ask("GET", FEED, headers={"If-None-Match": tag, "Prefer": "wait=30"})
        assert answer.status_code in {200, 304}
        return answer.status_code == 304

    eventually(waited_to_the_end)


def reuses_its_connection(site: Site) -> bool:
    """Return whether the proxy sends a request on a connection that it has opened before."""
    assert site.ask("GET", "/").status_code == 200
    before = connections_to(site.server.port)
    assert site.ask("GET", "/").status_code == 200
    after = connections_to(site.server.port)
    return bool(before) and after <= before


def test_the_proxy_reuses_its_connections(site: Site) -> None:
    eventually(lambda: reuses_its_connection(site))


@pytest.mark.full
def test_the_proxy_closes_a_connection_that_is_idle(site: Site) -> None:
    """A few seconds before Doorward does: with a connection that Doorward closes first, a request could be lost."""
    eventually(lambda: reuses_its_connection(site))
    eventually(lambda: not connections_to(site.server.port))
    assert site.ask("GET", "/").status_code == 200
