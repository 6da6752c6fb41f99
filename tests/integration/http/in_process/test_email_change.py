"""Another email address over the wire, and how it is undone."""

from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from doorward.testing.builders import OTHER_PASSWORD, PASSWORD
from support.http.in_process import App
from support.http.letters import letters_to, link_of, text_of
from support.http.service import Account, Unique, outcome

CHANGE, CONFIRM, UNDO = "/api/account/email", "/api/account/email/confirm", "/api/auth/undo"
GONE = (400, "invalid_link")


def verified_account(server: App, client: httpx2.Client, name: str) -> Account:
    account = server.create_user(name)
    client.post("/api/auth/verify/request", json={"email": account.email})
    _, token = link_of(letters_to(server, account.email)[-1])
    assert client.post("/api/auth/verify", json={"token": token}).status_code == 204
    return account


def asked(client: httpx2.Client, account: Account, new_email: str, password: str = PASSWORD) -> httpx2.Response:
    body = {"newEmail": new_email, "password": password}
    return client.post(CHANGE, json=body, headers={**account.bearer, "Accept-Language": "de"})


def use(client: httpx2.Client, route: str, token: str) -> httpx2.Response:
    return client.post(route, json={"token": token})


def changed(server: App, client: httpx2.Client, account: Account, new_email: str) -> None:
    assert asked(client, account, new_email).status_code == 202
    page, token = link_of(letters_to(server, new_email)[-1])
    assert page == f"{server.settings.public_url}/change-email"
    assert use(client, CONFIRM, token).status_code == 204


@pytest.mark.storage_bound
def test_an_address_is_changed_by_a_letter_to_the_new_one_and_undone_by_a_letter_to_the_old_one(
    server: App, client: httpx2.Client, unique: Unique
) -> None:
    """VF-02: from the request to the new password."""
    ada = verified_account(server, client, unique("ada"))
    new = f"{unique('new')}@example.com"
    assert asked(client, ada, new).status_code == 202
    (letter,) = letters_to(server, new)
    assert letter["Subject"] == "Ihre neue E-Mail-Adresse für 127.0.0.1 bestätigen"
    assert client.get("/api/account", headers=ada.bearer).json()["email"] == ada.email
    answer = use(client, CONFIRM, link_of(letter)[1])
    assert (answer.status_code, answer.content) == (204, b"")
    shown = client.get("/api/account", headers=ada.bearer).json()
    assert (shown["email"], shown["emailVerified"]) == (new, True)

    told = letters_to(server, ada.email)[-1]
    assert told["Subject"] == "The email address of your account at 127.0.0.1 was changed"
    assert "within 7 days" in text_of(told)
    page, token = link_of(told)
    assert page == f"{server.settings.public_url}/undo"
    undone = use(client, UNDO, token)
    assert undone.status_code == 200
    assert undone.json()["expiresIn"] == 1800
    assert not server.lets_in(ada)
    old = client.post("/api/auth/signin", json={"username": ada.username, "password": PASSWORD})
    assert outcome(old) == (401, "invalid_credentials")
    body = {"token": undone.json()["resetToken"], "newPassword": OTHER_PASSWORD}
    assert client.post("/api/auth/password/reset", json=body).status_code == 204
    assert server.sign_in(ada.username, OTHER_PASSWORD).email == ada.email
    assert outcome(use(client, UNDO, token)) == GONE


def test_the_letter_of_a_changed_password_has_the_link_too(server: App, client: httpx2.Client, unique: Unique) -> None:
    """PW-01, VF-02."""
    ada = verified_account(server, client, unique("ada"))
    body = {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}
    assert client.post("/api/account/password", json=body, headers=ada.bearer).status_code == 204
    page, token = link_of(letters_to(server, ada.email)[-1])
    assert page.endswith("/undo")
    assert use(client, UNDO, token).status_code == 200
    assert not server.lets_in(ada)
    changed_one = client.post("/api/auth/signin", json={"username": ada.username, "password": OTHER_PASSWORD})
    assert outcome(changed_one) == (401, "invalid_credentials")


def test_an_address_in_use_gets_the_same_answer_and_its_owner_is_told(
    server: App, client: httpx2.Client, unique: Unique
) -> None:
    """VF-02: byte by byte, and all headers but the id of the request and the time."""
    ada, eve, bob = (server.create_user(unique(name)) for name in ("ada", "eve", "bob"))
    answers = [asked(client, ada, f"{unique('free')}@example.org"), asked(client, eve, bob.email)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].content == answers[1].content
    own = {"x-request-id", "date"}
    assert len({tuple(sorted((n, v) for n, v in answer.headers.items() if n not in own)) for answer in answers}) == 1
    (told,) = letters_to(server, bob.email)
    assert told["Subject"] == "Jemand wollte Ihre E-Mail-Adresse bei 127.0.0.1 verwenden"
    assert f"Hallo {bob.username}," in text_of(told)
    assert "token" not in told.as_string()


@pytest.mark.usefixtures("one_moment")
def test_what_is_refused_names_its_member(server: App, client: httpx2.Client, unique: Unique) -> None:
    """VF-02: the password is proved each time."""
    ada = server.create_user(unique("ada"))
    refused = asked(client, ada, "ada")
    assert outcome(refused) == (400, "invalid_email")
    assert [error["field"] for error in refused.json()["errors"]] == ["newEmail"]
    assert outcome(asked(client, ada, "new@example.org", "wrong")) == (403, "password_wrong")
    assert asked(client, ada, f"{unique('first')}@example.org").status_code == 202
    again = asked(client, ada, f"{unique('second')}@example.org")
    assert outcome(again) == (429, "too_many_attempts")
    assert 1 <= int(again.headers["retry-after"]) <= 60


@pytest.mark.parametrize("route", [CONFIRM, UNDO])
def test_of_fifty_requests_with_one_token_one_succeeds(
    server: App, client: httpx2.Client, unique: Unique, route: str
) -> None:
    """VF-02, RS-03."""
    ada = verified_account(server, client, unique("ada"))
    new = f"{unique('new')}@example.com"
    if route == CONFIRM:
        asked(client, ada, new)
        _, token = link_of(letters_to(server, new)[-1])
    else:
        changed(server, client, ada, new)
        _, token = link_of(letters_to(server, ada.email)[-1])
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: use(client, route, token), range(50)))
    assert sorted(answer.is_success for answer in answers) == [False] * 49 + [True]
    assert {outcome(answer) for answer in answers if not answer.is_success} == {GONE}


def test_nobody_signs_up_with_an_address_that_can_be_restored(
    server: App, client: httpx2.Client, unique: Unique
) -> None:
    """VF-02."""
    ada = verified_account(server, client, unique("ada"))
    changed(server, client, ada, f"{unique('new')}@example.com")
    body = {"username": unique("eve"), "email": ada.email, "password": OTHER_PASSWORD}
    assert outcome(client.post("/api/auth/signup", json=body)) == (409, "email_taken")


@pytest.mark.parametrize(("path", "route"), [("/change-email", CONFIRM), ("/undo", UNDO)])
def test_opening_a_page_uses_nothing_up(client: httpx2.Client, path: str, route: str) -> None:
    """RS-07."""
    page = client.get(path)
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert f'data-route="{route[1:]}"' in page.text
    assert "$" not in page.text
    assert client.get(route).status_code == 405
