"""Deleting and restoring accounts over HTTP."""

from uuid import uuid4

import httpx2
import pytest

from doorward.testing.builders import PASSWORD
from support.http.in_process import App
from support.http.service import Unique, outcome, somebody

pytestmark = pytest.mark.storage_bound


def test_a_deleted_account_is_shown_by_its_id_only_and_restored_with_its_roles(
    server: App, admin: httpx2.Client, unique: Unique
) -> None:
    """ST-08, AD-02, TK-16."""
    ada = server.create_user(unique("ada"), "moderator")
    path = f"/api/admin/users/{ada.id}"
    before = admin.get(path).json()
    deleted = admin.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    shown = admin.get(path).json()
    assert shown["deletedAt"].endswith("Z")
    assert shown == {**before, "deletedAt": shown["deletedAt"]}
    assert admin.get("/api/admin/users", params={"query": ada.username}).json()["users"] == []
    assert not server.lets_in(ada)
    for refused in (
        admin.patch(path, json={"disabled": False}),
        admin.delete(path),
        admin.put(f"{path}/roles/editor"),
        admin.get(f"{path}/sessions"),
        admin.post("/api/admin/explain", json={"user": ada.username, "anyRole": ["admin"]}),
    ):
        assert outcome(refused) == (404, "account_not_found")
    assert outcome(server.request("POST", "/api/auth/signup", json=somebody(ada.username))) == (409, "username_taken")
    sign_in = {"username": ada.username, "password": PASSWORD}
    assert outcome(server.request("POST", "/api/auth/signin", json=sign_in)) == (401, "invalid_credentials")
    for _ in range(2):
        restored = admin.post(f"{path}/restore")
        assert (restored.status_code, {**restored.json(), "profile": None}) == (200, before)
    assert not server.lets_in(ada)
    again = server.sign_in(ada.username)
    assert (again.id, server.lets_in(again)) == (ada.id, True)


def test_an_account_that_never_was_is_not_restored(admin: httpx2.Client) -> None:
    assert outcome(admin.post(f"/api/admin/users/{uuid4()}/restore")) == (404, "account_not_found")
