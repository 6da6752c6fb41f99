"""Lists of accounts over HTTP, with their filters and orders."""

from collections.abc import Iterator
from typing import Any, get_args

import httpx2
import pytest

from doorward.domain.accounts.listing import Sort
from doorward.interfaces.http.accounts.list_parameters import SORTS
from support.http.in_process import App
from support.http.service import Unique, outcome

pytestmark = pytest.mark.storage_bound


def listed(admin: httpx2.Client, limit: int = 2, **asked: str) -> Iterator[dict[str, Any]]:
    after: str | None = None
    while True:
        answer = admin.get("/api/admin/users", params={**asked, "limit": limit, **({"after": after} if after else {})})
        assert answer.status_code == 200, answer.text
        yield from answer.json()["users"]
        after = answer.json()["after"]
        if after is None:
            return


def test_accounts_are_listed_by_role_state_and_time(server: App, admin: httpx2.Client, unique: Unique) -> None:
    """AD-04: page by page, each account once."""
    ada, bob, eve = (server.create_user(unique(name), "moderator") for name in ("ada", "bob", "eve"))
    admin.patch(f"/api/admin/users/{bob.id}", json={"disabled": True, "reason": "Sent spam."})
    admin.delete(f"/api/admin/users/{eve.id}")
    by_role = [user["id"] for user in listed(admin, role="moderator")]
    assert {ada.id, bob.id} <= set(by_role)
    assert by_role == sorted(by_role)
    assert eve.id not in by_role
    disabled = list(listed(admin, disabled="true"))
    assert "Sent spam." in [user["reason"] for user in disabled if user["id"] == bob.id]
    assert all(user["disabled"] for user in disabled)
    assert next(iter(listed(admin, deleted="true")))["id"] == eve.id
    latest = [user["createdAt"] for user in listed(admin, sort="-createdAt")]
    assert latest == sorted(latest, reverse=True)
    assert [user["createdAt"] for user in listed(admin, sort="createdAt")] == latest[::-1]
    emails = [user["email"] for user in listed(admin, sort="email")]
    assert emails == sorted(emails)
    assert list(listed(admin, query=ada.username.upper())) == list(listed(admin, query=ada.username, sort="username"))


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"role": "user", "disabled": "true"}, "listing_refused"),
        ({"role": "user", "sort": "username"}, "listing_refused"),
        ({"disabled": "false"}, "listing_refused"),
        ({"query": "a", "deleted": "true"}, "listing_refused"),
        ({"sort": "password"}, "validation_failed"),
        ({"disabled": "maybe"}, "validation_failed"),
        ({"role": "Admin"}, "validation_failed"),
        ({"sort": "-createdAt", "after": "ada"}, "invalid_after"),
        ({"role": "user", "after": "ada"}, "invalid_after"),
    ],
)
def test_a_list_that_is_not_offered_is_refused(admin: httpx2.Client, asked: dict[str, str], code: str) -> None:
    """AD-04."""
    refused = admin.get("/api/admin/users", params=asked)
    assert outcome(refused) == (400, code)
    if code == "listing_refused":
        assert "Ask for one of these:" in refused.json()["detail"]


def test_every_order_has_its_value_on_the_wire() -> None:
    assert set(get_args(SORTS)) == {sort.value for sort in Sort}
