"""Tokens in cookies, for browsers: what is set, read and cleared, and who may change something by them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Self

import httpx2
import pytest

from doorward.testing.builders import PASSWORD
from support.http.in_process import App, in_process
from support.http.service import Unique, outcome

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
"""How tokens travel does not depend on where sessions are kept."""

APP = "https://app.example.com"
JSON = {"Content-Type": "application/json"}
FOREIGN = [
    {},
    {"Origin": "null"},
    {"Origin": "https://evil.example"},
    {"Origin": "https://app.example.com.evil.example"},
]
NOBODYS_ID = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def behind_tls(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A server whose clients come by TLS, with an application of another origin."""
    settings = {"public_url": "https://auth.example.org", "cors_origins": APP}
    with in_process(tmp_path_factory.mktemp(f"cookies-{database}"), **settings) as server:
        yield server


@dataclass(slots=True)
class Keeper:
    """Somebody whose browser keeps cookies; asks as a page of our own would."""

    server: App
    name: str
    origin: str
    cookies: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, server: App, name: str, *roles: str) -> Self:
        """Signed in with cookies."""
        server.create_user(name, *roles)
        keeper = cls(server, name, server.origin)
        assert keeper.sign_in().status_code == 200
        return keeper

    @property
    def path(self) -> str:
        """The path that the cookies are for."""
        return self.server.settings.public_path or "/"

    def ask(self, method: str, path: str, content: str = "", **headers: str) -> httpx2.Response:
        """As a page of our own; `headers` go before what it would send. What is set and cleared is kept."""
        given = {
            "Origin": self.origin,
            **JSON,
            "Cookie": self.sent,
            **{name.replace("_", "-"): headers[name] for name in headers},
        }
        answer = self.server.request(
            method, path, content=content, headers={name: value for name, value in given.items() if value}
        )
        for line in lines(answer):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
                    self.server.secrets.add(morsel.value)
        return answer

    def sign_in(self, **headers: str) -> httpx2.Response:
        return self.ask(
            "POST",
            "/api/auth/signin",
            f'{{"username": "{self.name}", "password": "{PASSWORD}", "cookies": true}}',
            **headers,
        )

    @property
    def sent(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    @property
    def is_let_in(self) -> bool:
        return self.ask("GET", "/api/test/user", Origin="").status_code == 200


def lines(answer: httpx2.Response) -> list[str]:
    """The cookies of tokens, as they are set and cleared; not the one that marks a browser."""
    return [line for line in answer.headers.get_list("set-cookie") if "doorward-device=" not in line]


@pytest.fixture
def keeper(server: App, unique: Unique) -> Keeper:
    return Keeper.of(server, unique("keeping"))


@pytest.fixture(params=["http loopback", "https"])
def either(request: pytest.FixtureRequest, server: App, behind_tls: App, unique: Unique) -> Keeper:
    """On a server of either kind."""
    if request.param == "https":
        found = Keeper(behind_tls, unique("keeping"), "https://auth.example.org")
        behind_tls.create_user(found.name)
        assert found.sign_in().status_code == 200
        return found
    return Keeper.of(server, unique("keeping"))


def test_who_asks_for_cookies_gets_both_tokens_there_and_none_in_the_body(either: Keeper) -> None:
    """RF-15: `__Host-` behind TLS, a plain name on http loopback; nothing else of the answer is missing."""
    answer = either.sign_in()
    https = either.origin.startswith("https")
    prefix = "__Host-" if https else ""
    body = answer.json()
    assert body.keys() == {"id", "username", "email", "roles", "tokenType", "expiresIn", "refreshExpiresIn"}
    morsels = {name: morsel for line in lines(answer) for name, morsel in SimpleCookie(line).items()}
    assert list(morsels) == [f"{prefix}doorward-access", f"{prefix}doorward-refresh"]
    for (name, morsel), seconds in zip(morsels.items(), (body["expiresIn"], body["refreshExpiresIn"]), strict=True):
        assert (morsel["max-age"], morsel["path"], morsel["domain"]) == (str(seconds), either.path, ""), name
        assert (morsel["samesite"].lower(), morsel["httponly"], bool(morsel["secure"])) == ("lax", True, https), name
    assert all(len(line) < 4_096 for line in lines(answer))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ("strict-transport-security" in answer.headers) is https


def test_the_cookie_opens_guarded_routes(either: Keeper) -> None:
    """RF-15: for reading, without an Origin."""
    assert either.is_let_in
    assert either.ask("GET", "/api/account", Origin="").json()["username"] == either.name


@pytest.mark.parametrize("content", ["", "{}"])
def test_a_refresh_by_cookie_answers_by_cookie(either: Keeper, content: str) -> None:
    """RF-15: rotated as any other refresh token is."""
    before = dict(either.cookies)
    answer = either.ask("POST", "/api/auth/refresh", content)
    assert answer.status_code == 200, answer.text
    assert not {"accessToken", "refreshToken"} & answer.json().keys()
    assert len(lines(answer)) == 2
    assert either.cookies.keys() == before.keys()
    assert not set(either.cookies.values()) & set(before.values())
    assert either.is_let_in
    assert either.ask("POST", "/api/auth/refresh").status_code == 200


def test_a_refresh_token_in_the_body_goes_before_the_cookie(keeper: Keeper) -> None:
    """RF-15: the answer goes the same way, and the cookies stay what they were."""
    other = keeper.server.sign_in(keeper.name)
    answer = keeper.ask("POST", "/api/auth/refresh", f'{{"refreshToken": "{other.refresh_token}"}}', Origin="")
    keeper.server.hide(answer)
    assert answer.json()["refreshToken"] != other.refresh_token
    assert lines(answer) == []
    assert keeper.ask("POST", "/api/auth/refresh").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("POST", "/api/auth/signout", ""),
        ("POST", "/api/auth/signout-all", "{}"),
        ("DELETE", "/api/account", f'{{"password": "{PASSWORD}"}}'),
    ],
)
def test_the_end_of_a_session_clears_both_cookies(either: Keeper, method: str, path: str, content: str) -> None:
    """RF-15: as they were set, or else the browser would keep them."""
    held = dict(either.cookies)
    answer = either.ask(method, path, content)
    assert answer.status_code == 204, answer.text
    assert either.cookies == {}
    for line in lines(answer):
        (name, morsel), *_ = SimpleCookie(line).items()
        assert name in held
        assert (morsel["path"], morsel["domain"], bool(morsel["secure"])) == (
            either.path,
            "",
            name.startswith("__Host-"),
        )
    either.cookies.update(held)
    assert not either.is_let_in
    assert outcome(either.ask("POST", "/api/auth/refresh")) == (401, "invalid_refresh_token")


def test_a_refusal_clears_no_cookies(keeper: Keeper) -> None:
    """RF-15: when the access token has expired, the refresh cookie is as good as it was. A refused refresh may come
    late, when the browser has the cookies of a newer session."""
    good = dict(keeper.cookies)
    keeper.cookies["doorward-access"] += "x"
    refused = keeper.ask("GET", "/api/test/user")
    assert (outcome(refused), lines(refused)) == ((401, "invalid_token"), [])
    del keeper.cookies["doorward-access"]
    refused = keeper.ask("POST", "/api/auth/signout")
    assert (outcome(refused), lines(refused)) == ((401, "token_required"), [])
    assert keeper.ask("POST", "/api/auth/refresh").status_code == 200
    keeper.cookies["doorward-refresh"] = good["doorward-refresh"][::-1]
    refused = keeper.ask("POST", "/api/auth/refresh")
    assert (outcome(refused), lines(refused)) == ((401, "invalid_refresh_token"), [])


def test_a_reused_refresh_token_ends_the_session_of_both_browsers(server: App, unique: Unique) -> None:
    """RF-15: a thief and the robbed both hold cookies that are worth nothing."""
    thief = Keeper.of(server, unique("robbed"))
    robbed = Keeper(server, thief.name, server.origin, dict(thief.cookies))
    for _ in range(33):  # one more than a session remembers, so that no grace time is left to wait for
        assert robbed.ask("POST", "/api/auth/refresh").status_code == 200
    reused = thief.ask("POST", "/api/auth/refresh")
    assert outcome(reused) == (401, "refresh_token_reused")
    assert outcome(robbed.ask("POST", "/api/auth/refresh")) == (401, "invalid_refresh_token")
    assert not robbed.is_let_in


def test_without_cookies_nobody_is_told_of_any(server: App, unique: Unique) -> None:
    """RF-15: who carries tokens in headers gets no Set-Cookie, whatever is asked and whatever comes of it."""
    ada = server.create_user(unique("bare"))
    with server.client() as client:
        body = {"username": ada.username, "password": PASSWORD}
        answers = [client.post("/api/auth/signin", json=wanted) for wanted in (body, {**body, "cookies": False})]
        answers.append(client.post("/api/auth/refresh", json={"refreshToken": ada.refresh_token}))
        for answer in answers:
            assert answer.status_code == 200
            server.hide(answer)
        answers.append(client.post("/api/auth/refresh", json={"refreshToken": "x" * 86}))
        answers.append(client.post("/api/auth/refresh", json={}))
        answers.append(client.post("/api/auth/signout", headers=ada.bearer))
    assert [answer.status_code for answer in answers[3:]] == [401, 401, 204]
    assert not [line for answer in answers for line in lines(answer)]


def changing(server: App) -> list[tuple[str, str]]:
    """Every documented operation that changes something and for which somebody must be signed in."""
    paths = server.request("GET", "/openapi.json").json()["paths"]
    found = [
        (method.upper(), path)
        for path, item in paths.items()
        for method, operation in item.items()
        if method not in {"get", "servers"} and {"cookie": []} in operation["security"]
    ]
    assert len(found) >= 14
    return found


def test_no_foreign_page_changes_anything_by_a_cookie(server: App, unique: Unique) -> None:
    """RF-15: every route there is, of an admin, who may use them all: refused before anything else is looked at."""
    admin = Keeper.of(server, unique("forged"), "admin")
    me = admin.ask("GET", "/api/account").json()
    held = dict(admin.cookies)
    for method, path in [*changing(server), ("POST", "/api/auth/refresh")]:
        named = path.format(user_id=me["id"], session_id=me["session"]["id"], invitation_id=me["id"], role="admin")
        for headers in FOREIGN:
            answer = admin.ask(method, named, **{"Origin": "", **headers})
            assert (outcome(answer), lines(answer)) == ((403, "cross_site_request"), []), (method, path, headers)
        answer = admin.ask(method, named, Content_Type="")
        assert (outcome(answer), lines(answer)) == ((415, "unsupported_media_type"), []), (method, path)
    assert admin.cookies == held
    assert admin.ask("GET", "/api/account").json() == me
    assert admin.ask("POST", "/api/auth/refresh").status_code == 200
    assert server.line(event="authz_fail", reason="cross_site_request")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_what_a_form_can_send_changes_nothing(keeper: Keeper, content_type: str) -> None:
    """RF-15: even from our own pages."""
    for content in ("", "a=b"):
        for path in ("/api/auth/signout", "/api/auth/refresh"):
            answer = keeper.ask("POST", path, content, Content_Type=content_type)
            assert (outcome(answer), lines(answer)) == ((415, "unsupported_media_type"), [])
    assert keeper.is_let_in


def test_nobody_is_signed_in_by_a_foreign_page(server: App, unique: Unique) -> None:
    """RF-15: no cookie is set and no session begun; by a form no page at all can ask for cookies."""
    ada = server.create_user(unique("lured"))
    keeper = Keeper(server, ada.username, server.origin)
    for headers in FOREIGN:
        answer = keeper.sign_in(**{"Origin": "", **headers})
        assert (outcome(answer), lines(answer)) == ((403, "cross_site_request"), [])
    form = f"username={ada.username}&password={PASSWORD.replace(' ', '+')}&cookies=true"
    answer = keeper.ask("POST", "/api/auth/signin", form, Content_Type="application/x-www-form-urlencoded")
    assert (outcome(answer), lines(answer)) == ((400, "validation_failed"), [])
    with server.client(headers=ada.bearer) as client:
        assert len(client.get("/api/account/sessions").json()["sessions"]) == 1


def test_a_header_decides_and_needs_no_origin(keeper: Keeper, server: App, unique: Unique) -> None:
    """RF-15: no page can make a browser send one. The cookie of somebody else is not looked at, nor cleared."""
    ada = server.create_user(unique("bearing"))
    for headers in FOREIGN:
        answer = keeper.ask("GET", "/api/account", **{"Origin": "", **headers, **ada.bearer})
        assert answer.json()["username"] == ada.username
    assert outcome(keeper.ask("GET", "/api/test/user", Authorization="Bearer x")) == (401, "invalid_token")
    assert outcome(keeper.ask("GET", "/api/test/user", Authorization="Basic dTpw")) == (401, "token_required")
    answer = keeper.ask("POST", "/api/auth/signout", Origin="https://evil.example", x_access_token=ada.token)
    assert (answer.status_code, lines(answer)) == (204, [])
    assert keeper.is_let_in


def test_of_two_cookies_of_one_name_none_is_taken(keeper: Keeper) -> None:
    """RF-15: one of them was planted; which, nobody can tell."""
    for name in ("doorward-access", "doorward-refresh"):
        planted = f"{keeper.sent}; {name}=planted"
        answer = (
            keeper.ask("POST", "/api/auth/refresh", Cookie=planted)
            if "refresh" in name
            else keeper.ask("GET", "/api/test/user", Cookie=planted)
        )
        assert outcome(answer) == (400, "invalid_request")
    assert keeper.is_let_in


def test_an_application_of_an_allowed_origin_may(behind_tls: App, unique: Unique) -> None:
    """CO-02, RF-15: with credentials, on answers, refusals and the question before."""
    behind_tls.create_user(name := unique("app"))
    keeper = Keeper(behind_tls, name, APP)
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "content-type"}
    answers = [
        keeper.ask("OPTIONS", "/api/auth/signin", **asked),
        keeper.sign_in(),
        keeper.ask("GET", "/api/account"),
        keeper.ask("POST", "/api/auth/refresh"),
        keeper.ask("GET", "/api/test/admin"),
    ]
    assert [answer.status_code for answer in answers] == [204, 200, 200, 200, 403]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == APP
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "Origin" in answer.headers["vary"]


def test_no_other_origin_hears_a_word_of_cors(behind_tls: App) -> None:
    """CO-02, RF-15."""
    for origin in ("https://evil.example", "null", "https://auth.example.org", f"{APP}:8443", "http://app.example.com"):
        with behind_tls.client(headers={"Origin": origin}) as client:
            answers = [
                client.get("/api/test/all"),
                client.options("/api/auth/refresh", headers={"Access-Control-Request-Method": "POST"}),
            ]
        for answer in answers:
            assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_an_account_with_a_great_many_roles_is_not_locked_out(server: App, unique: Unique) -> None:
    """RF-15: its token would make a cookie that browsers drop without a word. It names no role then, and what the
    account may do is what it was."""
    name = unique("decorated")
    roles = [f"{name}-{number:02}".ljust(64, "x") for number in range(45)]
    with server.client(headers=server.admin.bearer) as admin:
        for role in roles:
            assert admin.put(f"/api/admin/roles/{role}", json={}).is_success
    keeper = Keeper.of(server, name, "moderator", *roles)
    answer = keeper.sign_in()
    assert len(answer.json()["roles"]) == 47
    assert all(len(line) < 4_096 for line in lines(answer))
    assert keeper.ask("GET", "/api/test/mod").status_code == 200
