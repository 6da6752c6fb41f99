"""Section 4 of the wire contract, second half: roles, and why somebody may do something."""

from typing import Any

import httpx2
import pytest

from support.http.in_process import App
from support.http.service import USER_MEMBERS, Unique, outcome

pytestmark = pytest.mark.storage_bound


def test_a_role_of_ones_own_is_added_described_and_removed(server: App, admin: httpx2.Client, unique: Unique) -> None:
    role = unique("editor")
    path = f"/api/admin/roles/{role}"
    assert outcome(admin.get(path)) == (404, "role_not_found")
    added = admin.put(path, json={"description": "May write."})
    assert added.status_code == 201
    assert {**added.json(), "createdAt": ""} == {
        "name": role,
        "description": "May write.",
        "builtIn": False,
        "createdAt": "",
    }
    untouched = admin.put(path, json={})
    assert (untouched.status_code, untouched.json()["description"]) == (200, "May write.")
    described = admin.put(path, json={"description": ""})
    assert (described.status_code, described.json()["description"]) == (200, "")
    assert admin.get(path).json() == described.json()
    assert role in [listed["name"] for listed in admin.get("/api/admin/roles").json()["roles"]]
    ada = server.create_user(unique("ada"), role)
    assert admin.get(f"/api/admin/users/{ada.id}").json()["roles"] == sorted([role, "user"])
    assert admin.delete(path).status_code == 204
    assert outcome(admin.delete(path)) == (404, "role_not_found")
    assert admin.get(f"/api/admin/users/{ada.id}").json()["roles"] == ["user"]


def test_built_in_roles_stay(admin: httpx2.Client) -> None:
    listed = {role["name"]: role["builtIn"] for role in admin.get("/api/admin/roles").json()["roles"]}
    for role in ("user", "moderator", "admin"):
        assert listed[role] is True
        assert outcome(admin.delete(f"/api/admin/roles/{role}")) == (409, "role_built_in")


def test_bad_roles_are_refused(admin: httpx2.Client, unique: Unique) -> None:
    assert outcome(admin.put("/api/admin/roles/Editor", json={})) == (400, "invalid_role_name")
    path = f"/api/admin/roles/{unique('editor')}"
    for text in ("x" * 201, "two\nlines", "\u202egnihtemos", "next\u0085line", "zero\u200bwidth"):
        assert outcome(admin.put(path, json={"description": text})) == (400, "invalid_description")
    odd: list[object] = [7, [], None]
    for description in odd:
        assert outcome(admin.put(path, json={"description": description})) == (400, "validation_failed")
    assert outcome(admin.get(path)) == (404, "role_not_found")


def test_an_explanation_says_which_grant_decides_or_what_is_missing(
    server: App, admin: httpx2.Client, unique: Unique
) -> None:
    ada = server.create_user(unique("ada"), "moderator")
    question = {"user": ada.username, "anyRole": ["moderator", "admin"]}
    granted = admin.post("/api/admin/explain", json=question).json()
    assert {**granted, "user": granted["user"]["id"]} == {
        "allowed": True,
        "reason": "granted",
        "requirement": "Require Moderator or Admin Role!",
        "grantedBy": "moderator",
        "missing": [],
        "user": ada.id,
    }
    assert set(granted["user"]) == USER_MEMBERS
    for name in (ada.id, ada.username.upper()):
        refused = admin.post("/api/admin/explain", json={"user": name, "anyRole": ["admin"]}).json()
        assert (refused["allowed"], refused["reason"], refused["missing"]) == (False, "role_missing", ["admin"])


def test_an_explanation_of_a_route_is_what_the_guard_does(server: App, admin: httpx2.Client, unique: Unique) -> None:
    """AZ-01: the same decision, for every kind of route."""
    ada = server.create_user(unique("ada"), "moderator")
    asked = [
        ("GET", "/"),
        ("GET", "/api/test/all"),
        ("GET", "/api/test/user"),
        ("HEAD", "/api/test/mod"),
        ("get", "/api/test/admin"),
        ("GET", "/api/test/staff"),
        ("GET", "/api/admin/users?limit=1"),
        ("DELETE", f"/api/admin/roles/{unique('none')}"),
    ]
    with server.client(headers=ada.bearer) as hers:
        for method, path in asked:
            answer = admin.post("/api/admin/explain", json={"user": ada.id, "method": method, "path": path})
            explained = answer.json()
            assert answer.status_code == 200
            assert explained["allowed"] is (hers.request(method.upper(), path).status_code == 200)
            assert explained["reason"] == ("public" if path in {"/", "/api/test/all"} else expected(explained))


def expected(explained: dict[str, Any]) -> str:
    if not explained["allowed"]:
        return "role_missing"
    return "granted" if explained["grantedBy"] else "signed_in"


def test_a_disabled_account_is_explained_too(server: App, admin: httpx2.Client, unique: Unique) -> None:
    ada = server.create_user(unique("ada"), "moderator")
    admin.patch(f"/api/admin/users/{ada.id}", json={"disabled": True})
    explained = admin.post("/api/admin/explain", json={"user": ada.id, "anyRole": ["moderator"]}).json()
    assert (explained["allowed"], explained["reason"]) == (False, "account_disabled")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ({"user": "keeper"}, (400, "validation_failed")),
        ({"user": "keeper", "method": "GET"}, (400, "validation_failed")),
        ({"user": "keeper", "path": "/"}, (400, "validation_failed")),
        ({"user": "keeper", "anyRole": ["admin"], "method": "GET", "path": "/"}, (400, "validation_failed")),
        ({"user": "keeper", "anyRole": []}, (400, "validation_failed")),
        ({"user": "keeper", "anyRole": ["Admin"]}, (400, "invalid_role_name")),
        ({"user": "keeper", "method": "GET", "path": "/nowhere"}, (404, "route_not_found")),
        ({"user": "keeper", "method": "PUT", "path": "/api/test/all"}, (404, "route_not_found")),
        ({"user": "nobody at all", "anyRole": ["admin"]}, (404, "account_not_found")),
        ({"user": "keeper@example.org", "anyRole": ["admin"]}, (400, "email_unproven")),
        ({"anyRole": ["admin"]}, (400, "validation_failed")),
    ],
)
def test_a_question_that_has_no_answer_is_refused(
    admin: httpx2.Client, question: dict[str, Any], answer: tuple[int, str]
) -> None:
    assert outcome(admin.post("/api/admin/explain", json=question)) == answer
