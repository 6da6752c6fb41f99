"""How services authenticate over the wire (RFC 6749, section 2.3.1), and how they are refused (section 5.2)."""

from base64 import b64encode

import httpx2
import pytest

from support.http.in_process import App
from support.http.service import INTROSPECT, REVOKE, Unique, outcome

CHALLENGE = 'Basic realm="doorward", charset="UTF-8"'


@pytest.mark.parametrize("path", [INTROSPECT, REVOKE])
def test_who_is_no_service_gets_a_challenge_and_no_word_of_the_token(
    server: App, registered: tuple[str, str], unique: Unique, path: str
) -> None:
    """RFC 6749, section 5.2; LG-01, LG-03: the log tells why, and never what was sent."""
    ada = server.create_user(unique("ada"))
    client_id, secret = registered
    wrong = f"wrong-{unique('secret')}-{'x' * 20}"
    server.secrets.add(wrong)
    attempts = [
        None,
        ada.bearer["Authorization"],
        "Basic",
        "Basic !!!",
        basic(client_id, wrong),
        basic(client_id, secret[:-1]),
        basic(client_id, ""),
        basic("service-" + "A" * 22, secret),
        basic("registered", secret),
        basic(client_id, secret) + "=",
        basic(client_id, secret * 20),
        basic(client_id, "%" + secret),
        basic("\N{SNOWMAN}", "\N{SNOWMAN}"),
        "Digest " + secret,
    ]
    with server.client() as client:
        for attempt in attempts:
            headers = {} if attempt is None else {"Authorization": attempt}
            answer = client.post(path, data={"token": ada.token}, headers=headers)
            assert outcome(answer) == (401, "invalid_client")
            assert answer.headers["www-authenticate"] == CHALLENGE
            assert answer.json()["error"] == "invalid_client"
            assert answer.headers["cache-control"] == "no-store"
    with server.client(headers=ada.bearer) as client:
        assert client.get("/api/test/user").status_code == 200
    refusal = server.line(event="authz_fail", route=path, reason="invalid_client")
    assert not {"service_id", "client_id"} & set(refusal)


def basic(client_id: str, secret: str) -> str:
    return "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()


@pytest.mark.parametrize("path", [INTROSPECT, REVOKE])
def test_form_encoded_ids_and_secrets_are_understood(server: App, registered: tuple[str, str], path: str) -> None:
    """RFC 6749, section 2.3.1."""
    encoded = ["".join(f"%{letter:02x}" for letter in half.encode()) for half in registered]
    with server.client(headers={"Authorization": basic(*encoded)}) as client:
        assert client.post(path, data={"token": "x"}).status_code == 200


@pytest.mark.parametrize("path", [INTROSPECT, REVOKE])
def test_a_request_without_one_token_is_invalid(service: httpx2.Client, path: str) -> None:
    """RFC 6749, section 5.2, says so in `error`; SI-13: no token in an address."""
    form = "application/x-www-form-urlencoded"
    for code, answer in (
        ("validation_failed", service.post(path)),
        ("validation_failed", service.post(path, data={"token": ""})),
        ("validation_failed", service.post(path, data={"token_type_hint": "access_token"})),
        ("validation_failed", service.post(path, json={"token": None})),
        ("validation_failed", service.post(path, json={"token": ["x"]})),
        ("validation_failed", service.post(path, json={"token": "x", "token_type_hint": 1})),
        ("invalid_form", service.post(path, content=b"token=x&token=y", headers={"Content-Type": form})),
        ("invalid_form", service.post(path, content=b"token=%", headers={"Content-Type": form})),
        ("invalid_json", service.post(path, content=b"[", headers={"Content-Type": "application/json"})),
        ("credentials_in_query", service.post(f"{path}?token=x", data={"token": "x"})),
        ("credentials_in_query", service.post(f"{path}?client_secret=x", data={"token": "x"})),
    ):
        assert outcome(answer) == (400, code)
        assert answer.json()["error"] == "invalid_request"
    for status, answer in (
        (405, service.get(path)),
        (413, service.post(path, data={"token": "x" * 20_000})),
        (415, service.post(path, content=b"token=x", headers={"Content-Type": "text/plain"})),
    ):
        assert (answer.status_code, answer.json()["error"]) == (status, "invalid_request")


def test_elsewhere_problems_have_no_such_member(service: httpx2.Client) -> None:
    assert "error" not in service.get("/api/test/user").json()
    assert "error" not in service.post("/api/auth/signin", json={}).json()
