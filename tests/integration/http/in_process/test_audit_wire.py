"""The audit log over the wire."""

from typing import Any

import httpx2
import pytest

from support.http.in_process import App, ServeApp
from support.http.service import Unique, outcome

ENTRY_MEMBERS = {
    "id",
    "at",
    "event",
    "account",
    "actor",
    "session",
    "address",
    "before",
    "after",
    "erased",
    "number",
    "hash",
}


def entries(admin: httpx2.Client, **query: str) -> list[dict[str, Any]]:
    answered = admin.get("/api/admin/audit", params=query)
    assert answered.status_code == 200, answered.text
    assert answered.headers["cache-control"] == "no-store"
    found: list[dict[str, Any]] = answered.json()["entries"]
    return found


def test_an_admin_reads_who_changed_what_and_from_where(server: App, admin: httpx2.Client, unique: Unique) -> None:
    """AD-03."""
    ada = server.create_user(unique("ada"))
    name = unique("countess")
    assert admin.patch(f"/api/admin/users/{ada.id}", json={"username": name}).status_code == 200
    newest = entries(admin, account=ada.id)[0]
    assert newest.keys() == ENTRY_MEMBERS
    assert (newest["event"], newest["actor"]) == ("user_updated", server.admin.id)
    assert (newest["before"], newest["after"]) == ({"username": ada.username}, {"username": name})
    assert newest["address"] == "127.0.0.1"
    own = admin.get("/api/account").json()
    assert newest["session"] == own["session"]["id"]
    assert newest["at"].endswith("Z")
    assert entries(admin, account=ada.id, actor=server.admin.id) == [newest]
    assert entries(admin, account=ada.id, event="user_created")[0]["after"]["username"] == ada.username


def test_pages_follow_each_other(server: App, admin: httpx2.Client, unique: Unique) -> None:
    """AD-04."""
    ada = server.create_user(unique("ada"))
    for disabled in (True, False, True):
        admin.patch(f"/api/admin/users/{ada.id}", json={"disabled": disabled})
    whole = entries(admin, account=ada.id)
    assert [entry["number"] for entry in whole] == list(range(len(whole), 0, -1))
    read: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = admin.get("/api/admin/audit", params={"account": ada.id, "limit": 2, **after}).json()
        read += page["entries"]
        if page["after"] is None:
            break
        after = {"after": page["after"]}
    assert read == whole


@pytest.mark.parametrize(
    "query",
    [
        {"account": "ada"},
        {"after": "1"},
        {"limit": "0"},
        {"limit": "201"},
        {"event": "x y"},
        {"actor": "' OR 1=1"},
        {"actor": "x" * 65},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(admin: httpx2.Client, query: dict[str, str]) -> None:
    assert outcome(admin.get("/api/admin/audit", params=query)) == (400, "validation_failed")


def test_a_deleted_person_cannot_be_recognised(serve: ServeApp) -> None:
    """ST-08."""
    server = serve(deleted_accounts_days="0")
    ada = server.create_user("ada")
    with server.client(headers=server.admin.bearer) as admin:
        assert admin.delete(f"/api/admin/users/{ada.id}").status_code == 204
        about_ada = entries(admin, account=ada.id)
        assert about_ada[0]["event"] == "user_deleted"
        assert about_ada[0]["actor"] == server.admin.id
        assert all(entry["erased"] and not entry["before"] and not entry["after"] for entry in about_ada)
        assert "ada@example.org" not in admin.get("/api/admin/audit").text
