"""Invitations over HTTP, from the request of an admin to the first sign-in."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx2
import pytest

from doorward.testing.builders import PASSWORD
from support.http.in_process import App, ServeApp
from support.http.letters import letters_to, link_of, text_of
from support.http.service import Unique, outcome

INVITATIONS, ACCEPT = "/api/admin/invitations", "/api/auth/invitation"
GONE = (400, "invalid_link")


def accepted(client: httpx2.Client, token: str, username: str, **headers: str) -> httpx2.Response:
    body = {"token": token, "username": username, "password": PASSWORD}
    return client.post(ACCEPT, json=body, headers=headers)


def token_for(server: App, admin: httpx2.Client, email: str) -> str:
    assert admin.post(INVITATIONS, json={"email": email}).status_code == 201
    return link_of(letters_to(server, email)[-1])[1]


@pytest.mark.storage_bound
def test_whoever_is_invited_creates_the_account_by_a_letter(
    server: App, client: httpx2.Client, admin: httpx2.Client, unique: Unique
) -> None:
    """RS-04: from the invitation to the first sign-in."""
    name = unique("ada")
    email = f"{name}@example.org"
    answer = admin.post(INVITATIONS, json={"email": email, "roles": ["moderator"], "locale": "de-AT"})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert set(made) == {"id", "email", "roles", "locale", "invitedBy", "createdAt", "expiresAt"}
    assert (made["email"], made["roles"], made["locale"]) == (email, ["moderator", "user"], "de")
    (letter,) = letters_to(server, email)
    page, token = link_of(letter)
    assert page == f"{server.settings.public_url}/accept-invitation"
    assert letter["Subject"] == "Ihre Einladung zu 127.0.0.1"
    assert f'<a href="{page}#token={token}">' in text_of(letter, "html")
    assert email in {each["email"] for each in admin.get(INVITATIONS, params={"limit": 200}).json()["invitations"]}

    answer = accepted(client, token, name)
    assert (answer.status_code, answer.json()) == (201, {"message": "User registered successfully!"})
    assert "set-cookie" not in answer.headers
    ada = server.sign_in(name)
    with server.client(headers=ada.bearer) as hers:
        shown = hers.get("/api/account").json()
        assert (shown["email"], shown["roles"], shown["locale"]) == (email, ["moderator", "user"], "de")
        assert shown["emailVerified"] is True
    assert outcome(accepted(client, token, unique("eve"))) == GONE


def test_an_address_in_use_gets_the_same_answer_and_no_letter(
    server: App, admin: httpx2.Client, unique: Unique
) -> None:
    """RS-01."""
    known, unknown = server.create_user(unique("ada")).email, f"{unique('nobody')}@example.org"
    answers = [admin.post(INVITATIONS, json={"email": email}) for email in (known, unknown)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len({tuple(answer.json()) for answer in answers}) == 1
    assert [len(letters_to(server, email)) for email in (known, unknown)] == [0, 1]


@pytest.mark.storage_bound
def test_of_fifty_who_accept_at_once_one_succeeds(server: App, admin: httpx2.Client, unique: Unique) -> None:
    """RS-03."""
    name = unique("ada")
    token = token_for(server, admin, f"{name}@example.org")

    def accept(number: int) -> int:
        with server.client() as client:
            return accepted(client, token, f"{name}-{number}").status_code

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(accept, range(50))) == [201] + [400] * 49


def test_a_removed_invitation_is_gone(server: App, client: httpx2.Client, admin: httpx2.Client, unique: Unique) -> None:
    email = f"{unique('ada')}@example.org"
    token = token_for(server, admin, email)
    (found,) = [each for each in pages(admin) if each["email"] == email]
    assert admin.delete(f"{INVITATIONS}/{found['id']}").status_code == 204
    for gone in (found["id"], uuid4()):
        assert outcome(admin.delete(f"{INVITATIONS}/{gone}")) == (404, "invitation_not_found")
    assert outcome(accepted(client, token, unique("ada"))) == GONE


def pages(admin: httpx2.Client) -> list[dict[str, str]]:
    """All invitations, read two at a time."""
    found: list[dict[str, str]] = []
    after: str | None = None
    while True:
        answer = admin.get(INVITATIONS, params={"limit": 2} | ({"after": after} if after else {})).json()
        assert len(answer["invitations"]) <= 2
        found += answer["invitations"]
        after = answer["after"]
        if after is None:
            return found


def test_every_invitation_is_on_one_page(admin: httpx2.Client, unique: Unique) -> None:
    """AD-04."""
    emails = [f"{unique('ada')}@example.org" for _ in range(5)]
    for email in emails:
        assert admin.post(INVITATIONS, json={"email": email}).status_code == 201
    assert sorted(each["email"] for each in pages(admin) if each["email"] in emails) == sorted(emails)
    for wrong in ({"limit": 0}, {"limit": 201}, {"after": "nothing"}):
        assert admin.get(INVITATIONS, params=wrong).status_code == 400


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"email": "ada"}, "invalid_email"),
        ({"email": "ada@example.org\r\nBcc: eve@example.org"}, "invalid_email"),
        ({"email": "ada@example.org", "roles": ["no-such-role"]}, "role_unknown"),
        ({"email": "ada@example.org", "locale": "zh"}, "invalid_locale"),
        ({"email": "ada@example.org", "username": "ada"}, "validation_failed"),
        ({}, "validation_failed"),
    ],
)
def test_a_wrong_invitation_is_refused(admin: httpx2.Client, body: dict[str, object], code: str) -> None:
    """SU-16."""
    assert outcome(admin.post(INVITATIONS, json=body)) == (400, code)


@pytest.mark.parametrize("dialect", ["standard", "tutorial"])
def test_invitations_work_where_strangers_cannot_sign_up_and_not_where_sign_up_is_closed(
    serve: ServeApp, dialect: str
) -> None:
    server = serve(sign_up="invited", dialect=dialect)
    with server.client() as client, server.client(headers=server.admin.bearer) as admin:
        token = token_for(server, admin, "ada@example.org")
        assert accepted(client, token, "ada").status_code == 201
    closed = serve(sign_up="closed", dialect=dialect)
    with closed.client() as client, closed.client(headers=closed.admin.bearer) as admin:
        assert outcome(admin.post(INVITATIONS, json={"email": "ada@example.org"})) == (403, "sign_up_closed")
        assert outcome(accepted(client, "T" * 43, "ada")) == (403, "sign_up_closed")
        assert admin.get(INVITATIONS).json() == {"invitations": [], "after": None}


def test_opening_the_page_of_the_link_uses_nothing_up(
    server: App, client: httpx2.Client, admin: httpx2.Client, unique: Unique
) -> None:
    """RS-07."""
    name = unique("ada")
    token = token_for(server, admin, f"{name}@example.org")
    for _ in range(2):
        page = client.get("/accept-invitation")
        assert (page.status_code, page.headers["referrer-policy"]) == (200, "no-referrer")
        assert 'data-route="api/auth/invitation"' in page.text
    assert client.get(ACCEPT).status_code == 405
    assert accepted(client, token, name).status_code == 201
