"""The locale and the profile of an account, over HTTP."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from doorward.domain.accounts.profile import MAX_PROFILE_BYTES, MAX_PROFILE_VALUES
from doorward.testing.builders import PASSWORD
from support.http.in_process import App, ServeApp
from support.http.letters import letters_to
from support.http.service import Unique, outcome
from support.jwt.material import read_claims

DEEPEST: dict[str, Any] = {"1": {"2": {"3": {"4": {}}}}}


@pytest.mark.storage_bound
def test_the_holder_and_an_admin_see_and_change_locale_and_profile(
    server: App, admin: httpx2.Client, unique: Unique
) -> None:
    ada = server.create_user(unique("ada"))
    path = f"/api/admin/users/{ada.id}"
    profile = {"department": "Physics", "floor": 3, "tags": ["\u00e9", None, 1.5], "deep": DEEPEST["1"]}
    with server.client(headers=ada.bearer) as client:
        answer = client.patch("/api/account", json={"locale": "de-AT", "profile": profile})
        assert (answer.status_code, answer.content) == (204, b"")
        shown = client.get("/api/account").json()
        assert (shown["locale"], shown["profile"]) == ("de", profile)
        seen = admin.get(path).json()
        assert (seen["locale"], seen["profile"]) == ("de", profile)
        (listed,) = admin.get("/api/admin/users", params={"query": ada.username}).json()["users"]
        assert (listed["locale"], "profile" in listed) == ("de", False)
        changed = admin.patch(path, json={"locale": "fr", "profile": {"floor": 4}}).json()
        assert (changed["locale"], changed["profile"]) == ("fr", {"floor": 4})
        assert client.patch("/api/account", json={"profile": None}).status_code == 204
        shown = client.get("/api/account").json()
        assert (shown["locale"], shown["profile"]) == ("fr", None)
        assert client.patch("/api/account", json={}).status_code == 204
    assert {"locale", "profile"}.isdisjoint(read_claims(server.sign_in(ada.username).token))


def test_sign_up_takes_the_locale_from_accept_language(server: App, client: httpx2.Client, unique: Unique) -> None:
    for header, locale in (("pt-BR, en;q=0.5", "pt"), ("zh", None)):
        name = unique("ada")
        body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        assert client.post("/api/auth/signup", json=body, headers={"Accept-Language": header}).is_success
        with server.client(headers=server.sign_in(name).bearer) as hers:
            assert hers.get("/api/account").json()["locale"] == locale


def test_a_letter_without_a_named_language_is_in_that_of_the_account(
    server: App, client: httpx2.Client, admin: httpx2.Client, unique: Unique
) -> None:
    ada = server.create_user(unique("ada"))
    assert admin.patch(f"/api/admin/users/{ada.id}", json={"locale": "de"}).is_success
    assert client.post("/api/auth/password/forgot", json={"email": ada.email}).status_code == 202
    (letter,) = letters_to(server, ada.email)
    assert letter["Subject"] == "Neues Passwort f\u00fcr 127.0.0.1 w\u00e4hlen"


@pytest.mark.parametrize(
    ("members", "code", "field"),
    [
        ({"locale": "zh"}, "invalid_locale", "locale"),
        ({"locale": "de" * 2_000}, "invalid_locale", "locale"),
        ({"locale": None}, "validation_failed", "locale"),
        ({"profile": []}, "validation_failed", "profile"),
        ({"profile": "{}"}, "validation_failed", "profile"),
        ({"profile": {"a": "x" * MAX_PROFILE_BYTES}}, "invalid_profile", "profile"),
        ({"profile": {"0": DEEPEST}}, "invalid_profile", "profile"),
        ({"profile": {"a": [0] * MAX_PROFILE_VALUES}}, "invalid_profile", "profile"),
        ({"roles": ["admin"]}, "validation_failed", "roles"),
        ({"username": "root"}, "validation_failed", "username"),
    ],
)
def test_what_cannot_be_set_is_refused(
    server: App, unique: Unique, members: dict[str, Any], code: str, field: str
) -> None:
    """SU-13."""
    with server.client(headers=server.create_user(unique("ada")).bearer) as client:
        answer = client.patch("/api/account", json=members)
        assert outcome(answer) == (400, code)
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        shown = client.get("/api/account").json()
        assert (shown["locale"], shown["profile"]) == (None, None)


def test_a_profile_that_is_no_strict_json_is_refused(server: App, unique: Unique) -> None:
    """SU-14."""
    with server.client(headers=server.create_user(unique("ada")).bearer) as client:
        for profile in ('{"a": 1, "a": 2}', '{"a": NaN}', '{"a": "\\ud800"}', '{"a": 1e999}', '{"a": "\\u0000"}'):
            body = f'{{"profile": {profile}}}'.encode()
            answer = client.patch("/api/account", content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 400, profile


def test_the_schema_of_the_operator_decides(serve: ServeApp, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps({"properties": {"floor": {"type": "integer"}}, "required": ["floor"]}))
    server = serve(profile_schema=str(path))
    ada = server.create_user("ada")
    with server.client(headers=ada.bearer) as client, server.client(headers=server.admin.bearer) as admin:
        for answer in (
            client.patch("/api/account", json={"profile": {"floor": "3"}}),
            admin.patch(f"/api/admin/users/{ada.id}", json={"profile": {"floor": "3"}}),
        ):
            assert outcome(answer) == (400, "invalid_profile")
            assert answer.json()["detail"] == "At '/floor': the value is not of type \"integer\"."
        assert client.patch("/api/account", json={"profile": {"floor": 3}}).status_code == 204
        assert client.patch("/api/account", json={"profile": None}).status_code == 204
