"""What the real server writes down of whom it lets in, whom it refuses, and what admins change."""

from collections.abc import Mapping
from typing import Any

import pytest

from doorward.testing.builders import PASSWORD
from support.http.service import Account
from support.jwt.material import read_claims
from support.programs.server_process import Serve, Server

TELLS = {"time", "level", "event", "outcome", "request_id", "ip"}
"""What every line about a request says."""


@pytest.fixture
def fresh(serve: Serve) -> Server:
    """Of a flood of refusals only a sample is written (LG-05), hence a server of one's own."""
    return serve()


def told(server: Server, request_id: str, event: str) -> Mapping[str, Any]:
    """The line's own fields; the others are what they should be."""
    line = server.line(event=event, request_id=request_id)
    is_refusal = event.endswith("_fail")
    assert set(line) >= TELLS
    assert (line["level"], line["outcome"]) == (("warning", "failure") if is_refusal else ("info", "success"))
    assert line["ip"] == "127.0.0.1"
    assert line["time"].endswith("Z")
    return {name: value for name, value in line.items() if name not in TELLS}


def test_a_sign_in_tells_who_and_how(fresh: Server) -> None:
    """LG-01."""
    ada = fresh.create_user("ada")
    with fresh.client() as client:
        answer = client.post("/api/auth/signin", json={"username": "ada", "password": PASSWORD})
    fresh.hide(answer)
    line = told(fresh, answer.headers["x-request-id"], "authn_login_success")
    session_id = read_claims(answer.json()["accessToken"])["sid"]
    assert line == {"user_id": ada.id, "session_id": session_id, "factor": "password"}


def test_a_failed_sign_in_tells_why_and_a_hash_of_the_name(fresh: Server) -> None:
    """LG-01, LG-04: one name, one hash, however it was typed."""
    ada = fresh.create_user("ada")
    refused = []
    with fresh.client() as client:
        for name in ("ada", "ADA", "nobody-of-that-name"):
            answer = client.post("/api/auth/signin", json={"username": name, "password": "x"})
            refused.append(dict(told(fresh, answer.headers["x-request-id"], "authn_login_fail")))
    hashes = [line.pop("login_hash") for line in refused]
    assert refused == [{"user_id": ada.id, "reason": "wrong_password"}] * 2 + [{"reason": "unknown_account"}]
    assert hashes[0] == hashes[1] != hashes[2]
    assert "nobody-of-that-name" not in fresh.output


def test_a_change_of_roles_tells_whose_which_and_by_whom(fresh: Server) -> None:
    """LG-01: and whether anything changed by it."""
    ada = fresh.create_user("ada")
    path = f"/api/admin/users/{ada.id}/roles/moderator"
    expected = [("PUT", "granted", True), ("PUT", "granted", False), ("DELETE", "revoked", True)]
    with fresh.client(headers=fresh.admin.bearer) as admin:
        for method, verb, changed in expected:
            request_id = admin.request(method, path).headers["x-request-id"]
            assert told(fresh, request_id, "authz_change") == {
                "user_id": ada.id,
                verb: "moderator",
                "changed": changed,
                "by": fresh.admin.id,
            }


def test_a_refused_authorization_tells_the_route_the_reason_and_who_it_was(fresh: Server) -> None:
    """LG-01."""
    ada = fresh.create_user("ada")
    assert refusal(fresh, ada, ada.bearer) == {
        "method": "GET",
        "route": "/api/admin/users/{user_id}",
        "reason": "role_missing",
        "required": "Require Admin Role!",
        "user_id": ada.id,
    }
    assert refusal(fresh, ada, {})["reason"] == "token_required"
    assert refusal(fresh, ada, {"Authorization": "Bearer x"})["reason"] == "invalid_token"


def refusal(server: Server, whose: Account, headers: dict[str, str]) -> Mapping[str, Any]:
    with server.client(headers=headers) as client:
        answer = client.get(f"/api/admin/users/{whose.id}")
    return told(server, answer.headers["x-request-id"], "authz_fail")
