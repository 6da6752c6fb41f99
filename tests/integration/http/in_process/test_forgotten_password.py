"""A forgotten password, from the request to the next sign-in."""

import socket
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from doorward.application.letters.list_letters import ListLetters
from doorward.domain.letters.letter import Letter, LetterState
from doorward.infrastructure.adapters.storage_adapter import StorageAdapter
from doorward.infrastructure.settings.data_dir import letters_folder
from doorward.infrastructure.sql.adapter import SqlAdapter
from doorward.infrastructure.sql.tables import metadata
from doorward.testing.builders import OTHER_PASSWORD, PASSWORD
from support.http.in_process import App, ServeApp
from support.http.letters import letters_to, link_of, text_of
from support.http.service import Unique, outcome
from support.made_tables import account_of

FORGOT, RESET = "/api/auth/password/forgot", "/api/auth/password/reset"
GONE = (400, "invalid_link")


def asked(client: httpx2.Client, email: str, **headers: str) -> httpx2.Response:
    answer = client.post(FORGOT, json={"email": email}, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer


def reset(client: httpx2.Client, token: str, new: str = OTHER_PASSWORD) -> httpx2.Response:
    return client.post(RESET, json={"token": token, "newPassword": new})


def token_for(server: App, client: httpx2.Client, email: str) -> str:
    asked(client, email)
    return link_of(letters_to(server, email)[-1])[1]


@pytest.mark.storage_bound
def test_whoever_forgot_the_password_chooses_another_by_a_letter(
    server: App, client: httpx2.Client, unique: Unique
) -> None:
    """RS-04, RS-05: from the first request to the notice."""
    ada = server.create_user(unique("ada"))
    asked(client, ada.email, **{"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    (letter,) = letters_to(server, ada.email)
    page, token = link_of(letter)
    assert page == f"{server.settings.public_url}/reset-password"
    assert letter["Subject"] == "Neues Passwort für 127.0.0.1 wählen"
    assert f"Hallo {ada.username}," in text_of(letter)
    assert f'<a href="{page}#token={token}">' in text_of(letter, "html")

    answer = reset(client, token)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "set-cookie" not in answer.headers
    assert not server.lets_in(ada)
    assert outcome(server.refresh(ada.refresh_token)) == (401, "invalid_refresh_token")
    old = client.post("/api/auth/signin", json={"username": ada.username, "password": PASSWORD})
    assert outcome(old) == (401, "invalid_credentials")
    assert server.lets_in(server.sign_in(ada.username, OTHER_PASSWORD))
    assert outcome(reset(client, token)) == GONE

    _, notice = letters_to(server, ada.email)
    assert notice["Subject"] == "Your password for 127.0.0.1 was changed"
    assert token not in notice.as_string()


@pytest.mark.usefixtures("one_moment")
def test_every_address_gets_the_same_answer(
    server: App, client: httpx2.Client, admin: httpx2.Client, unique: Unique
) -> None:
    """RS-01: byte by byte, and all headers but the id of the request and the time."""
    known, disabled = server.create_user(unique("ada")), server.create_user(unique("off"))
    assert admin.patch(f"/api/admin/users/{disabled.id}", json={"disabled": True}).is_success
    unknown = f"{unique('nobody')}@example.org"
    answers = [asked(client, email) for email in (known.email, unknown, disabled.email, known.email)]
    assert len({answer.content for answer in answers}) == 1
    own = {"x-request-id", "date"}
    assert len({tuple(sorted((n, v) for n, v in answer.headers.items() if n not in own)) for answer in answers}) == 1
    assert [len(letters_to(server, email)) for email in (known.email, unknown, disabled.email)] == [1, 0, 0]


def test_a_mail_server_that_says_nothing_delays_no_answer(serve: ServeApp) -> None:
    """F-37, RS-01: the request does not talk to it, and the letter waits in the outbox."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        server = serve(smtp_url=url, mail_from="noreply@example.com")
        ada = server.create_user("ada")
        with server.client() as client:
            assert asked(client, ada.email).content == asked(client, "nobody@example.org").content

        async def outbox() -> Sequence[Letter]:
            return await (await server.container.get(ListLetters))(9, LetterState.WAITING)

        assert ada.email in {letter.recipient for letter in server.loop.run(outbox())}


def test_a_letter_is_a_file_for_this_user_alone_and_has_the_headers_of_a_machine(
    server: App, client: httpx2.Client, unique: Unique
) -> None:
    ada = server.create_user(unique("ada"))
    asked(client, ada.email)
    (letter,) = letters_to(server, ada.email)
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"].endswith("@localhost.localdomain>")
    assert letter["Date"].datetime.tzinfo is not None
    folder = letters_folder(server.settings)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert any("#token=".join(link_of(letter)).encode() in path.read_bytes() for path in folder.iterdir())


def test_a_link_has_the_path_of_the_public_url_and_its_page_asks_below_it(serve: ServeApp) -> None:
    """RS-04."""
    server = serve(public_url="https://example.com/auth")
    ada = server.create_user("ada")
    with server.client() as client:
        asked(client, ada.email)
        (letter,) = letters_to(server, ada.email)
        page = client.get("/auth/reset-password").text
        assert '"/' not in page + client.get("/auth/link-page.js").text
    assert link_of(letter)[0] == "https://example.com/auth/reset-password"


@pytest.mark.served
@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Forwarded-Server", "Forwarded", "Origin", "Referer"])
def test_no_header_of_a_request_reaches_a_link(serve: ServeApp, header: str) -> None:
    """RS-04."""
    server = serve(public_url="https://auth.example.com", trusted_proxies="127.0.0.1")
    ada = server.create_user("ada")
    with server.client() as client:
        asked(client, ada.email, **{header: "https://evil.example.net"})
        refused = client.post(FORGOT, json={"email": ada.email}, headers={"Host": "evil.example.net"})
    assert outcome(refused) == (421, "misdirected_request")
    (letter,) = letters_to(server, ada.email)
    assert link_of(letter)[0] == "https://auth.example.com/reset-password"
    assert "evil" not in letter.as_string()


@pytest.mark.storage_bound
def test_of_fifty_requests_with_one_token_one_sets_the_password(
    server: App, client: httpx2.Client, unique: Unique
) -> None:
    """RS-03."""
    ada = server.create_user(unique("ada"))
    token = token_for(server, client, ada.email)
    passwords = [f"{OTHER_PASSWORD} {number}" for number in range(50)]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda new: reset(client, token, new), passwords))
    (winner,) = [new for new, answer in zip(passwords, answers, strict=True) if answer.status_code == 204]
    assert {outcome(answer) for answer in answers if answer.status_code != 204} == {GONE}
    assert server.lets_in(server.sign_in(ada.username, winner))
    assert len(letters_to(server, ada.email)) == 2


def test_a_refused_password_leaves_the_token_as_it_is(server: App, client: httpx2.Client, unique: Unique) -> None:
    """RS-02: the rules are those of sign-up, and the refusal names the member."""
    ada = server.create_user(unique("adalovelace"))
    token = token_for(server, client, ada.email)
    for refused, code in (
        ("violet kettle", "password_too_short"),
        ("passwordpassword", "password_blocked"),
        (f"{ada.username} {ada.username}", "password_blocked"),
    ):
        answer = reset(client, token, refused)
        assert outcome(answer) == (400, code)
        assert [error["field"] for error in answer.json()["errors"]] == ["newPassword"]
    assert reset(client, token).status_code == 204


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 42 + "B", "é" * 43, "A" * 10_000])
def test_what_is_no_token_of_ours_is_refused(server: App, client: httpx2.Client, token: str) -> None:
    answer = reset(client, token)
    assert outcome(answer) == GONE
    assert [error["field"] for error in answer.json()["errors"]] == ["token"]


def test_what_is_no_address_is_refused_whether_or_not_there_are_accounts(client: httpx2.Client) -> None:
    for email in ("ada", "", "ada@example.org\r\nBcc: eve@example.org", "Ada <ada@example.org>"):
        assert outcome(client.post(FORGOT, json={"email": email})) == (400, "invalid_email")


def test_opening_the_page_of_the_link_uses_nothing_up(server: App, client: httpx2.Client, unique: Unique) -> None:
    """RS-07."""
    ada = server.create_user(unique("ada"))
    token = token_for(server, client, ada.email)
    for _ in range(2):
        page = client.get("/reset-password")
        assert page.status_code == 200
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "http" not in policy
        assert 'src="link-page.js"' in page.text
        assert "https://" not in page.text + client.get("/link-page.js").text
    assert client.get(RESET).status_code == 405
    assert client.get(f"{RESET}?token={token}").status_code == 400
    assert reset(client, token).status_code == 204


def test_the_languages_of_a_request_are_limited(client: httpx2.Client) -> None:
    answer = client.post(FORGOT, json={"email": "ada@example.org"}, headers={"Accept-Language": "en," * 32})
    assert outcome(answer) == (431, "headers_too_large")


def everything_in(database: StorageAdapter) -> bytes:
    """Return the files of SQLite, or the rows of MySQL as text."""
    assert isinstance(database, SqlAdapter)
    if database.files:
        return b"".join(path.read_bytes() for path in database.files if path.exists())
    account, name = account_of(database.url), database.url.database
    return repr([account.execute(f"SELECT * FROM {name}.{table}") for table in metadata.tables]).encode()


def test_no_token_is_in_the_database(server: App, client: httpx2.Client, unique: Unique) -> None:
    """RS-02."""
    ada = server.create_user(unique("ada"))
    token = token_for(server, client, ada.email)
    stored = everything_in(server.settings.database)
    assert ada.email.encode() in stored
    assert token.encode() not in stored
    assert "token" not in Letter.__annotations__
