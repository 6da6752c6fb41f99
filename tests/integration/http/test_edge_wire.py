"""What the edge promises, through a client library, against the real server."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from doorward.testing.builders import PASSWORD
from support.http.raw_http import talk
from support.http.service import Unique, somebody
from support.programs.processes import eventually
from support.programs.server_process import Server, running

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
"""What happens before the application does not depend on its database."""

ORIGIN = "https://app.example.com"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def proxied(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server behind a proxy on this machine that speaks TLS, for an application in a browser."""
    folder = tmp_path_factory.mktemp(f"proxied-{database}")
    settings = {"public_url": "https://auth.example.org", "trusted_proxies": "127.0.0.0/8", "cors_origins": ORIGIN}
    with running(folder, **settings) as server:
        yield server


def line_caused(server: Server, method: str, path: str, **options: Any) -> dict[str, Any]:
    """What the log says of such a request when it is refused. Of many refusals in a second only some are written, and
    lines come a moment after their answer: ask until one is there of any that were asked."""
    asked: set[str] = set()
    found: list[dict[str, Any]] = []

    def written() -> bool:
        answer = server.request(method, path, **options)
        asked.add(answer.headers["x-request-id"])
        found.extend(line for line in server.logged() if line.get("request_id") in asked)
        return bool(found)

    eventually(written)
    return found[0]


def line_of_a_refusal(server: Server, headers: dict[str, str]) -> dict[str, Any]:
    """What the log says of a request without a token."""
    return line_caused(server, "GET", "/api/test/user", headers=headers)


def test_a_forwarded_address_from_anybody_changes_nothing(server: Server) -> None:
    """SI-09."""
    names = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP")
    line = line_of_a_refusal(server, dict.fromkeys(names, "203.0.113.9"))
    assert line["ip"] == "127.0.0.1"
    assert "203.0.113.9" not in server.output


def test_a_forwarded_address_from_a_trusted_proxy_counts(proxied: Server) -> None:
    """SI-09: the rightmost that is no proxy; what the client put before it does not."""
    line = line_of_a_refusal(proxied, {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})
    assert line["ip"] == "203.0.113.9"


@pytest.mark.parametrize("path", ["/api/test/all", "/api/test/user", "/nowhere", "/api//test/all"])
def test_an_allowed_origin_is_echoed_on_answers_and_errors(proxied: Server, path: str) -> None:
    """CO-02."""
    with proxied.client() as client:
        answer = client.get(path, headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    ["https://appXexample.com", "null", "https://x.app.example.com", "http://app.example.com", ORIGIN + ":8443"],
)
def test_another_origin_is_not(proxied: Server, origin: str) -> None:
    """CO-02."""
    with proxied.client() as client:
        answer = client.get("/api/test/all", headers={"Origin": origin})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.headers["vary"] == "Origin"


def test_a_browser_may_send_the_tutorials_header(proxied: Server) -> None:
    """CO-02."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-access-token"}
    with proxied.client() as client:
        answer = client.options("/api/auth/signin", headers={"Origin": ORIGIN, **asked})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, ORIGIN)
    assert "X-Access-Token" in answer.headers["access-control-allow-headers"]


def test_without_origins_no_answer_speaks_of_cors(client: httpx2.Client) -> None:
    """CO-02."""
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    for answer in (client.get("/api/test/all", headers=headers), client.options("/api/auth/signin", headers=headers)):
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/nowhere", "/api/test/user"])
def test_behind_tls_every_answer_says_so(proxied: Server, path: str) -> None:
    """HT-01."""
    with proxied.client() as client:
        answer = client.get(path, headers={"Host": "auth.example.org"})
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("path", ["/api/auth/signin", "/api/auth/signup", "/api/admin/explain"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/x-msgpack"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": ""},
        {**JSON, "Content-Encoding": "gzip"},
        {**JSON, "Content-Encoding": "br"},
    ],
    ids=str,
)
def test_a_body_is_plain_json_or_refused(client: httpx2.Client, path: str, headers: dict[str, str]) -> None:
    """HT-04."""
    answer = client.post(path, content=b'{"username":"ada","password":"x"}', headers=headers)
    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"


def test_forms_are_for_sign_in_and_sign_up_alone(server: Server, client: httpx2.Client) -> None:
    """HT-04."""
    answer = client.post("/api/admin/explain", content=b"a=b", headers={**FORM, **server.admin.bearer})
    assert answer.status_code == 415


def test_the_tutorials_forms_sign_up_and_sign_in(server: Server, client: httpx2.Client, unique: Unique) -> None:
    name = unique("former")
    form = somebody(name, roles=["user", "moderator"])
    assert client.post("/api/auth/signup", data=form).status_code == 201
    answer = client.post("/api/auth/signin", data={"username": name, "password": PASSWORD})
    assert (answer.status_code, answer.json()["roles"]) == (200, ["ROLE_USER"])
    server.hide(answer)


def test_a_token_in_a_form_is_refused(server: Server, client: httpx2.Client, unique: Unique) -> None:
    """SI-13."""
    token = server.create_user(unique("formed")).token
    for name in ("access_token", "accessToken", "token"):
        answer = client.post("/api/auth/signin", data={"username": "x", "password": "x", name: token})
        assert answer.status_code == 400


DOUBTFUL = {
    "a member twice": b'{"username":"NAME","email":"NAME@example.org","password":"PASS","username":"other"}',
    "twice, once escaped": b'{"username":"NAME","email":"NAME@example.org","password":"PASS","\\u0065mail":"x"}',
    "a byte order mark": b'\xef\xbb\xbf{"username":"NAME","email":"NAME@example.org","password":"PASS"}',
    "half a surrogate pair": b'{"username":"NAME","email":"NAME@example.org","password":"PASS\\ud800"}',
    "U+0000": b'{"username":"NAME","email":"NAME@example.org","password":"PASS\\u0000"}',
    "not UTF-8": b'{"username":"NAME","email":"NAME@example.org","password":"PASS\xff"}',
    "bytes behind it": b'{"username":"NAME","email":"NAME@example.org","password":"PASS"} x',
    "NaN": b'{"username":"NAME","email":"NAME@example.org","password":"PASS","roles":NaN}',
    "5,000 digits": b'{"username":"NAME","email":"NAME@example.org","password":"PASS","roles":' + b"9" * 5000 + b"}",
    "33 levels": b'{"username":"NAME","email":"NAME@example.org","password":"PASS","roles":'
    + b"[" * 32
    + b"]" * 32
    + b"}",
    "16 KiB of brackets": b"[" * 16_384,
    "a list": b'[{"username":"NAME","email":"NAME@example.org","password":"PASS"}]',
}


@pytest.mark.parametrize("case", DOUBTFUL)
def test_doubtful_json_is_refused_and_leaves_nothing_behind(client: httpx2.Client, unique: Unique, case: str) -> None:
    """HT-14, SU-14."""
    name = unique("doubtful")
    body = DOUBTFUL[case].replace(b"NAME", name.encode()).replace(b"PASS", PASSWORD.encode())
    answer = client.post("/api/auth/signup", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")
    assert PASSWORD not in answer.text
    assert client.post("/api/auth/signup", json=somebody(name)).status_code == 201


@pytest.mark.parametrize("password", [{"$ne": 1}, {}, [], ["x"], 1, 1.5, True, None], ids=str)
def test_a_password_is_a_text(client: httpx2.Client, password: object) -> None:
    """SI-04."""
    answer = client.post("/api/auth/signin", json={"username": "ada", "password": password})
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")


@pytest.mark.parametrize(
    "name", ["password", "access_token", "token", "refresh_token", "accessToken", "x-access-token"]
)
def test_secrets_in_an_address_are_refused_and_not_logged(server: Server, client: httpx2.Client, name: str) -> None:
    """SI-13: whatever the method."""
    secret = f"hunter2-in-{name}"
    for method, path in (("POST", "/api/auth/signin"), ("GET", "/api/test/user"), ("GET", "/nowhere")):
        answer = client.request(method, path, params={"username": "ada", name: secret})
        assert (answer.status_code, answer.json()["code"]) == (400, "credentials_in_query")
        assert secret not in answer.text
    server.settled()
    assert secret not in server.output


@pytest.mark.parametrize("path", ["/api/auth/signin", "/api/auth/signup"])
def test_credentials_are_taken_by_post_alone(client: httpx2.Client, path: str) -> None:
    """SI-13."""
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE"):
        answer = client.request(method, path)
        assert answer.status_code == 405
        assert set(answer.headers["allow"].split(", ")) == {"OPTIONS", "POST"}


HOSTILE = [
    'forged\r\n{"event":"authn_login_success","forged":true}',
    "forged\x1b[2J\x1b]0;forged\x07",
    "forged\u2028{}",
    "\u202eforged",
    "forged\x85\x0b\x0c\x7f",
]


@pytest.mark.parametrize("login", HOSTILE, ids=ascii)
def test_a_hostile_name_stays_out_of_the_log(server: Server, login: str) -> None:
    """LG-02, LG-04: of what was typed one line tells, by a hash; not a word of it is written, not even escaped."""
    line = line_caused(server, "POST", "/api/auth/signin", json={"username": login, "password": "x"})
    assert (line["event"], line["reason"]) == ("authn_login_fail", "unknown_account")
    assert re.fullmatch("[0-9a-f]{16}", line["login_hash"])
    assert "forged" not in server.output
    other = line_caused(server, "POST", "/api/auth/signin", json={"username": f"{login}x", "password": "x"})
    assert line["login_hash"] != other["login_hash"]


@pytest.mark.parametrize("character", ["\x1b", "\x85", "\u2028", "\u202e", '"', "\\", "\x7f"], ids=ascii)
def test_what_a_client_writes_into_the_log_is_text_within_one_line(proxied: Server, character: str) -> None:
    """LG-02: a request's id and address are the client's own words behind a proxy, and reach the log checked."""
    raw = character.encode()
    head = b"GET /api/test/user HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n%s\r\n\r\n"
    for field in (b"X-Forwarded-For: 203.0.113.%s9", b"X-Request-Id: forged-%s-forged", b"Authorization: Bearer %s"):
        (response,) = talk(proxied, head % (field % raw))
        assert response.status in {400, 401}
    proxied.settled()
    assert "forged" not in proxied.output
    assert all(line.isascii() and line.isprintable() for line in proxied.output.splitlines())
