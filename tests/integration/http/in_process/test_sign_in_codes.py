"""Sign-in by a code from a letter, from the request to the session."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from doorward.testing.builders import PASSWORD
from support.http.in_process import App, ServeApp, in_process
from support.http.letters import code_of, letters_to, text_of
from support.http.service import Account, outcome

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
"""The contract tests of the codes run on every database."""

REQUEST, SIGN_IN = "/api/auth/code/request", "/api/auth/code"
INVALID = (401, "invalid_code")


@pytest.fixture
def server(serve: ServeApp) -> App:
    return serve(email_codes="true")


@pytest.fixture
def client(server: App) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


def asked(client: httpx2.Client, email: str, **headers: str) -> httpx2.Response:
    answer = client.post(REQUEST, json={"email": email}, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer


def sign_in(client: httpx2.Client, email: str, code: str, **members: object) -> httpx2.Response:
    return client.post(SIGN_IN, json={"email": email, "code": code, **members})


def code_for(server: App, client: httpx2.Client, email: str) -> str:
    asked(client, email)
    return code_of(letters_to(server, email)[-1])


def own_headers(answer: httpx2.Response) -> list[tuple[str, str]]:
    """All but the id of the request and the time."""
    return sorted((name, value) for name, value in answer.headers.items() if name not in {"x-request-id", "date"})


@pytest.mark.parametrize("path", [REQUEST, SIGN_IN])
def test_without_the_setting_the_routes_do_not_exist(serve: ServeApp, path: str) -> None:
    server = serve()
    answer = server.request("POST", path, json={"email": "ada@example.org", "code": "12345678"})
    assert answer.status_code == 404
    assert path not in server.request("GET", "/openapi.json").json()["paths"]


def test_the_code_of_a_letter_signs_in_once(server: App, client: httpx2.Client) -> None:
    """RS-02."""
    ada = server.create_user("ada")
    asked(client, ada.email, **{"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    (letter,) = letters_to(server, ada.email)
    assert letter["Subject"] == "Ihr Code für 127.0.0.1"
    code = code_of(letter)
    assert code not in letter["Subject"]
    assert f"<strong>{code}</strong>" in text_of(letter, "html")
    answer = sign_in(client, ada.email, f"{code[:4]} {code[4:]}")
    assert answer.status_code == 200
    again = Account.signed_in(answer.json())
    assert (again.id, server.lets_in(again), server.lets_in(ada)) == (ada.id, True, True)
    assert server.refresh(again.refresh_token).is_success
    assert server.line(event="authn_login_success", factor="email_code")["user_id"] == ada.id
    assert outcome(sign_in(client, ada.email, code)) == INVALID


@pytest.mark.usefixtures("one_moment")
def test_every_address_gets_the_same_answers(server: App, client: httpx2.Client) -> None:
    """RS-01, SI-01: byte by byte, and all headers but the id of the request and the time."""
    known, disabled = server.create_user("ada"), server.create_user("off")
    with server.client(headers=server.admin.bearer) as admin:
        assert admin.patch(f"/api/admin/users/{disabled.id}", json={"disabled": True}).is_success
    emails = (known.email, "nobody@example.org", disabled.email, known.email)
    requests = [asked(client, email) for email in emails]
    assert [len(letters_to(server, email)) for email in emails[:3]] == [1, 0, 0]
    refusals = [sign_in(client, email, "not a code") for email in emails]
    assert {outcome(answer) for answer in refusals} == {INVALID}
    for answers in (requests, refusals):
        bodies = {answer.content.replace(answer.headers["x-request-id"].encode(), b"") for answer in answers}
        assert (len(bodies), len({tuple(own_headers(answer)) for answer in answers})) == (1, 1)
    assert refusals[0].headers["www-authenticate"] == "Bearer"


def test_of_many_who_use_one_code_at_once_one_gets_in(server: App, client: httpx2.Client) -> None:
    """RS-03."""
    ada = server.create_user("ada")
    code = code_for(server, client, ada.email)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: server.request("POST", SIGN_IN, json=body(ada, code)), range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 49


def body(ada: Account, code: str) -> dict[str, str]:
    return {"email": ada.email, "code": code}


def test_all_workers_and_nodes_count_the_tries_together(server: App, client: httpx2.Client) -> None:
    """SI-05, OP-08: another process on the same database goes on counting."""
    ada = server.create_user("ada")
    code = code_for(server, client, ada.email)
    wrong = f"{(int(code) + 1) % 10**8:08}"
    for _ in range(3):
        assert outcome(sign_in(client, ada.email, wrong)) == INVALID
    with in_process(server.settings.data_dir, email_codes="true") as other, other.client() as elsewhere:
        for _ in range(2):
            assert outcome(sign_in(elsewhere, ada.email, wrong)) == INVALID
        assert outcome(sign_in(elsewhere, ada.email, code)) == INVALID
    assert outcome(sign_in(client, ada.email, code)) == INVALID


@pytest.mark.usefixtures("one_moment")
def test_too_many_attempts_are_answered_429_for_every_address_alike(serve: ServeApp) -> None:
    """SI-05, MF-03: whether or not somebody has the address."""
    server = serve(email_codes="true", sign_in_free_attempts="2")
    server.create_user("ada")
    refusals = []
    with server.client() as client:
        for email in ("ada@example.org", "nobody@example.org"):
            for _ in range(2):
                assert outcome(sign_in(client, email, "12345678")) == INVALID
            refused = sign_in(client, email, "12345678")
            assert outcome(refused) == (429, "too_many_attempts")
            assert refused.headers["retry-after"] == "1"
            refusals.append(own_headers(refused))
    assert refusals[0] == refusals[1]


def test_a_browser_gets_its_tokens_and_its_device_token_as_cookies(server: App, client: httpx2.Client) -> None:
    ada = server.create_user("ada")
    code = code_for(server, client, ada.email)
    assert outcome(sign_in(client, ada.email, code, cookies=True)) == (403, "cross_site_request")
    client.headers["Origin"] = server.origin
    answer = sign_in(client, ada.email, code, cookies=True)
    assert (answer.status_code, "accessToken" in answer.json()) == (200, False)
    assert set(answer.cookies) == {"doorward-access", "doorward-refresh", "doorward-device"}
    assert client.get("/api/account").json()["username"] == "ada"


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "ada@example.org"},
        {"email": "ada@example.org", "code": 12345678},
        {"email": "ada@example.org", "code": None},
        {"email": "ada@example.org", "code": {"$ne": ""}},
        {"email": "ada", "code": "12345678"},
        {"email": "ada@example.org", "code": "12345678", "userId": "x"},
    ],
)
def test_a_body_of_another_form_is_refused(client: httpx2.Client, wrong: dict[str, object]) -> None:
    """SI-04."""
    assert client.post(SIGN_IN, json=wrong).status_code == 400


def test_a_code_does_not_take_the_place_of_the_password_where_it_is_asked_again(
    server: App, client: httpx2.Client
) -> None:
    """PW-01."""
    ada = server.create_user("ada")
    code = code_for(server, client, ada.email)
    client.headers["Authorization"] = f"Bearer {sign_in(client, ada.email, code).json()['accessToken']}"
    refused = client.request("DELETE", "/api/account", json={"password": code})
    assert outcome(refused) == (403, "password_wrong")
    assert client.request("DELETE", "/api/account", json={"password": PASSWORD}).status_code == 204


def test_the_document_shows_both_routes_as_open_to_everybody(server: App, client: httpx2.Client) -> None:
    """AZ-01."""
    paths = client.get("/openapi.json").json()["paths"]
    for path, statuses in ((REQUEST, {"202", "400"}), (SIGN_IN, {"200", "400", "401", "403", "429"})):
        operation = paths[path]["post"]
        assert statuses <= operation["responses"].keys()
        assert operation.get("security", []) == []
