"""Section 5 of the wire contract: health, figures, documents, and what every answer carries."""

import gzip
import re
from typing import Any

import httpx2
import pytest

from support.http.in_process import App, ServeApp
from support.programs.processes import eventually

EVERY_ANSWER = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
API_POLICY = "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize("path", ["/health/live", "/healthz"])
def test_a_process_that_answers_is_alive(client: httpx2.Client, path: str) -> None:
    """OP-04: without a token."""
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


@pytest.mark.parametrize("path", ["/health/ready", "/readyz"])
def test_a_process_with_database_and_keys_is_ready(client: httpx2.Client, path: str) -> None:
    """OP-04: without a token, and without a word of versions."""
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


@pytest.mark.served
def test_figures_are_counted_by_route_and_never_by_path(server: App, client: httpx2.Client) -> None:
    """LG-03: no name, no id and no address in them."""
    ada = server.create_user("figured-ada")
    client.get(f"/api/admin/users/{ada.id}", headers=server.admin.bearer)
    client.post("/api/auth/signin", json={"username": ada.username, "password": "x"})
    client.get("/nowhere/figured-path")
    nowhere = 'route="unmatched",status="404"'
    eventually(lambda: nowhere in client.get("/metrics").text)  # the figures may be a second old
    answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert EVERY_ANSWER.items() <= dict(answer.headers).items()
    for part in (
        r'doorward_http_requests_total\{method="GET",route="/api/admin/users/\{user_id\}",status="200"\} \d',
        r'doorward_http_requests_total\{method="POST",route="/api/auth/signin",status="401"\} \d',
        r'doorward_http_requests_total\{method="GET",route="unmatched",status="404"\} \d',
        r'doorward_sign_ins_total\{outcome="granted"\} [1-9]',
        r'doorward_sign_ins_total\{outcome="refused"\} [1-9]',
        r"doorward_log_lines_dropped \d",
    ):
        assert re.search(part, answer.text), part
    for part in (ada.id, ada.username, "figured-path", "127.0.0.1"):
        assert part not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/api/test/all", 200),
        ("HEAD", "/api/test/all", 200),
        ("OPTIONS", "/api/test/all", 204),
        ("POST", "/api/auth/signup", 400),
        ("GET", "/api/test/user", 401),
        ("GET", "/nowhere", 404),
        ("PUT", "/api/test/all", 405),
        ("GET", "/health/ready", 200),
    ],
)
def test_every_answer_carries_what_the_contract_promises(
    client: httpx2.Client, method: str, path: str, status: int
) -> None:
    """HT-01, HT-03."""
    answer = client.request(method, path)
    assert answer.status_code == status
    assert EVERY_ANSWER.items() <= dict(answer.headers).items()
    assert answer.headers["content-security-policy"] == API_POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert re.fullmatch(r"[\w.-]{8,64}", answer.headers["x-request-id"])
    assert not answer.headers.get("server")
    assert "x-powered-by" not in answer.headers


def test_a_method_that_a_path_does_not_take_is_told_those_it_takes(server: App, client: httpx2.Client) -> None:
    """HT-08."""
    ways = [
        ("PATCH", "/api/auth/signin", {"OPTIONS", "POST"}),
        ("POST", "/api/test/all", {"GET", "HEAD", "OPTIONS"}),
        ("POST", f"/api/admin/users/{server.admin.id}", {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH"}),
        ("PATCH", "/api/admin/roles/user", {"DELETE", "GET", "HEAD", "OPTIONS", "PUT"}),
    ]
    for method, path, allowed in ways:
        refused = client.request(method, path)
        assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")
        assert methods_of(refused) == methods_of(client.options(path)) == allowed


def methods_of(answer: httpx2.Response) -> set[str]:
    return set(answer.headers["allow"].split(", "))


def test_the_document_is_open_and_may_be_cached(client: httpx2.Client) -> None:
    first = client.get("/openapi.json")
    assert first.status_code == 200
    assert first.headers["cache-control"].startswith("public")
    assert first.json()["openapi"].startswith("3.1")
    assert client.get("/docs/openapi.json").content == first.content


def test_the_docs_page_brings_everything_itself(client: httpx2.Client) -> None:
    """HT-01: a policy of its own that allows no foreign host and nothing inline."""
    page = client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert {policy[kind] for kind in ("script-src", "style-src", "connect-src")} == {"'self'"}
    assert EVERY_ANSWER.items() <= dict(page.headers).items()
    assert not re.search(r"(?i)<script(?![^>]*\bsrc=)|<style|\bon\w+=|https?://", page.text)
    assets = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(assets) == 4
    for path in assets:
        asset = client.get(str(page.url.join(path)))
        assert asset.status_code == 200
        assert asset.headers["cache-control"].startswith("public")
    script = client.get("/docs/docs.js").text
    assert "validatorUrl: null" in script
    assert not re.search(r"https?://", script)


@pytest.mark.parametrize("accepted", ["gzip, br", "identity"])
def test_large_assets_come_packed(client: httpx2.Client, accepted: str) -> None:
    """Every browser unpacks them, and unpacked they would cost the service three times the memory."""
    packed = client.get("/docs/swagger-ui.css", headers={"Accept-Encoding": accepted})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(gzip.compress(packed.content)) * 2 < len(packed.content)


@pytest.mark.parametrize("headers", [{}, {"X-Debug": "1"}, {"X-Debug": "true", "Accept": "text/html"}], ids=str)
@pytest.mark.parametrize("query", ["", "?debug=1", "?debug=true&__debugger__=yes"])
def test_no_request_switches_debugging_on(client: httpx2.Client, query: str, headers: dict[str, str]) -> None:
    """HT-16, HT-13: neither by its address nor by a header does anybody see more of what is inside."""
    for path, status in (("/nowhere", 404), ("/api/test/user", 401), ("/api/admin/users", 401)):
        answer = client.get(f"{path}{query}", headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert set(answer.json()) <= {"type", "title", "status", "code", "detail", "message", "requestId"}


@pytest.mark.parametrize(
    "path",
    [
        *("/docs/app.py", "/docs/docs.html", "/docs/README.md", "/docs/swagger-ui.css.gz", "/docs/"),
        *("/docs/../pyproject.toml", "/docs/%2e%2e/", "/docs/..%2fapp.py"),
        *("/schema", "/schema/openapi.json", "/debug", "/console", "/.env"),
    ],
)
def test_nothing_else_is_served_from_the_disk(client: httpx2.Client, path: str) -> None:
    """HT-16."""
    assert client.get(path).status_code == 404


def test_one_setting_turns_the_documents_off(serve: ServeApp) -> None:
    """HT-16."""
    server = serve(docs="false")
    with server.client() as client:
        answers: list[Any] = [
            client.get(path).status_code
            for path in ("/docs", "/docs/docs.js", "/docs/openapi.json", "/openapi.json", "/schema")
        ]
    assert answers == [404] * 5
