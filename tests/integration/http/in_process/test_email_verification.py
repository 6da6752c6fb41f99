"""Verified email addresses over the wire."""

from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from doorward.testing.builders import OTHER_PASSWORD, PASSWORD
from support.http.in_process import App, ServeApp
from support.http.letters import letters_to, link_of, text_of
from support.http.service import Unique, outcome, somebody

REQUEST, VERIFY = "/api/auth/verify/request", "/api/auth/verify"
GONE = (400, "invalid_link")


def signed_up(client: httpx2.Client, name: str, **members: object) -> httpx2.Response:
    return client.post("/api/auth/signup", json=somebody(name, **members), headers={"Accept-Language": "de"})


def sign_in(client: httpx2.Client, name: str, password: str = PASSWORD) -> httpx2.Response:
    return client.post("/api/auth/signin", json={"username": name, "password": password})


def verify(client: httpx2.Client, token: str) -> httpx2.Response:
    return client.post(VERIFY, json={"token": token})


@pytest.mark.storage_bound
def test_a_letter_verifies_the_address_and_the_account_shows_it(
    server: App, client: httpx2.Client, admin: httpx2.Client, unique: Unique
) -> None:
    """VF-01."""
    ada = server.create_user(unique("ada"))

    def shown() -> list[bool]:
        own = client.get("/api/account", headers=ada.bearer).json()["emailVerified"]
        return [own, admin.get(f"/api/admin/users/{ada.id}").json()["emailVerified"]]

    assert shown() == [False, False]
    answer = client.post(REQUEST, json={"email": ada.email}, headers={"Accept-Language": "es"})
    assert answer.status_code == 202
    (letter,) = letters_to(server, ada.email)
    page, token = link_of(letter)
    assert page == f"{server.settings.public_url}/verify-email"
    assert letter["Subject"] == "Confirme su dirección de correo para 127.0.0.1"
    assert "antes de 24 horas" in text_of(letter)
    answer = verify(client, token)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "set-cookie" not in answer.headers
    assert shown() == [True, True]
    assert outcome(verify(client, token)) == GONE


def test_sign_up_sends_the_letter_by_default(serve: ServeApp) -> None:
    server = serve(email_verification="optional")
    with server.client() as client:
        assert signed_up(client, "ada").status_code == 201
        assert sign_in(client, "ada").status_code == 200
        assert outcome(signed_up(client, "eve", email="ada@example.org")) == (409, "email_taken")
    (letter,) = letters_to(server, "ada@example.org")
    assert letter["Subject"] == "Ihre E-Mail-Adresse für 127.0.0.1 bestätigen"


def test_where_it_is_required_nobody_signs_in_before_the_letter(serve: ServeApp) -> None:
    """VF-01, SI-01: only the right password is told so."""
    server = serve(email_verification="required")
    with server.client() as client:
        signed_up(client, "ada")
        refused = sign_in(client, "ada")
        assert outcome(refused) == (403, "email_not_verified")
        assert "www-authenticate" not in refused.headers
        wrong, unknown = sign_in(client, "ada", OTHER_PASSWORD), sign_in(client, "nobody", OTHER_PASSWORD)
        assert outcome(wrong) == outcome(unknown) == (401, "invalid_credentials")
        _, token = link_of(letters_to(server, "ada@example.org")[-1])
        assert verify(client, token).status_code == 204
        assert sign_in(client, "ada").status_code == 200


def test_where_it_is_required_sign_up_answers_alike_for_an_address_in_use(serve: ServeApp) -> None:
    """SU-20: byte by byte, and all headers but the id of the request and the time."""
    server = serve(email_verification="required")
    with server.client() as client:
        answers = [
            signed_up(client, "ada"),
            signed_up(client, "eve", email="Ada@Example.org"),
            signed_up(client, "bob"),
        ]
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        own = {"x-request-id", "date"}
        headers = {tuple(sorted((n, v) for n, v in answer.headers.items() if n not in own)) for answer in answers}
        assert len(headers) == 1
        assert outcome(sign_in(client, "eve")) == (401, "invalid_credentials")
    letters = {letter["Subject"]: letter for letter in letters_to(server, "ada@example.org")}
    told = letters.pop("Jemand wollte Ihre E-Mail-Adresse bei 127.0.0.1 verwenden")
    assert list(letters) == ["Ihre E-Mail-Adresse für 127.0.0.1 bestätigen"]
    assert "Hallo ada," in text_of(told)
    assert "token" not in told.as_string()


def test_every_address_gets_the_same_answer(server: App, client: httpx2.Client, unique: Unique) -> None:
    """RS-01."""
    known = server.create_user(unique("ada"))
    answers = [client.post(REQUEST, json={"email": each}) for each in (known.email, f"{unique('nobody')}@example.org")]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].content == answers[1].content
    assert outcome(client.post(REQUEST, json={"email": "ada"})) == (400, "invalid_email")


def test_of_fifty_requests_with_one_token_one_verifies(server: App, client: httpx2.Client, unique: Unique) -> None:
    """VF-01, RS-03."""
    ada = server.create_user(unique("ada"))
    client.post(REQUEST, json={"email": ada.email})
    _, token = link_of(letters_to(server, ada.email)[-1])
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: verify(client, token), range(50)))
    assert sorted(answer.status_code for answer in answers) == [204] + [400] * 49


def test_opening_the_page_of_the_link_uses_nothing_up(server: App, client: httpx2.Client, unique: Unique) -> None:
    """RS-07."""
    ada = server.create_user(unique("ada"))
    client.post(REQUEST, json={"email": ada.email})
    _, token = link_of(letters_to(server, ada.email)[-1])
    page = client.get("/verify-email")
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert 'data-route="api/auth/verify"' in page.text
    assert "$" not in page.text
    assert client.get(VERIFY).status_code == 405
    assert verify(client, token).status_code == 204


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "é" * 43])
def test_what_is_no_token_of_ours_is_refused(client: httpx2.Client, token: str) -> None:
    answer = verify(client, token)
    assert outcome(answer) == GONE
    assert [error["field"] for error in answer.json()["errors"]] == ["token"]


def test_an_admin_sends_the_letter_again(
    server: App, client: httpx2.Client, admin: httpx2.Client, unique: Unique
) -> None:
    """VF-01."""
    ada = server.create_user(unique("ada"))
    route = f"/api/admin/users/{ada.id}/verification"
    assert admin.post(route).status_code == 202
    _, token = link_of(letters_to(server, ada.email)[-1])
    assert verify(client, token).status_code == 204
    assert outcome(admin.post(route)) == (409, "email_already_verified")
    nobody = "/api/admin/users/00000000-0000-7000-8000-000000000000/verification"
    assert outcome(admin.post(nobody)) == (404, "account_not_found")


def test_an_address_that_an_admin_changes_is_not_verified(
    server: App, client: httpx2.Client, admin: httpx2.Client, unique: Unique
) -> None:
    """VF-01."""
    ada = server.create_user(unique("ada"))
    client.post(REQUEST, json={"email": ada.email})
    verify(client, link_of(letters_to(server, ada.email)[-1])[1])
    changed = admin.patch(f"/api/admin/users/{ada.id}", json={"email": f"{unique('new')}@example.org"})
    assert changed.json()["emailVerified"] is False
