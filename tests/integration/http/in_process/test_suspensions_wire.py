"""Suspending accounts over HTTP: for a reason, and until a time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from doorward.testing.builders import PASSWORD
from support.http.in_process import App
from support.http.service import Unique, outcome

pytestmark = pytest.mark.storage_bound

YEAR = timedelta(days=365)
NEXT_YEAR = (datetime.now(UTC) + YEAR).replace(microsecond=0)


def test_an_account_is_suspended_with_a_reason_and_an_end(server: App, admin: httpx2.Client, unique: Unique) -> None:
    """AD-02, AZ-04: admins read both; its holder learns neither."""
    ada = server.create_user(unique("ada"))
    path, until = f"/api/admin/users/{ada.id}", NEXT_YEAR.isoformat()
    refused = admin.patch(path, json={"disabled": True, "until": "2030-01-31T12:00Z"})
    assert "RFC 3339 with seconds and an offset" in refused.json()["errors"][0]["message"]
    suspended = admin.patch(path, json={"disabled": True, "reason": "Sent spam.", "until": until})
    assert suspended.status_code == 200, suspended.text
    told = suspended.json()
    assert (told["disabled"], told["reason"]) == (True, "Sent spam.")
    assert datetime.fromisoformat(told["until"]) == NEXT_YEAR
    assert told["until"].endswith("Z")
    assert admin.get(path).json() == told
    assert not server.lets_in(ada)
    refused = server.request("POST", "/api/auth/signin", json={"username": ada.username, "password": PASSWORD})
    assert outcome(refused) == (401, "invalid_credentials")
    assert "spam" not in refused.text
    assert outcome(server.refresh(ada.refresh_token)) == (401, "invalid_refresh_token")
    enabled = admin.patch(path, json={"disabled": False}).json()
    assert (enabled["disabled"], enabled["reason"], enabled["until"]) == (False, None, None)
    assert server.lets_in(server.sign_in(ada.username))


def test_disabling_anew_replaces_the_reason_and_the_end(server: App, admin: httpx2.Client, unique: Unique) -> None:
    path = f"/api/admin/users/{server.create_user(unique('ada')).id}"
    admin.patch(path, json={"disabled": True, "reason": "Sent spam.", "until": NEXT_YEAR.isoformat()})
    for body in ({"disabled": True, "reason": ""}, {"disabled": True}):
        told = admin.patch(path, json=body).json()
        assert (told["disabled"], told["reason"], told["until"]) == (True, None, None)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"reason": "Sent spam."}, "validation_failed"),
        ({"until": NEXT_YEAR.isoformat()}, "validation_failed"),
        ({"disabled": False, "reason": "Sent spam."}, "validation_failed"),
        ({"disabled": True, "until": None}, "validation_failed"),
        ({"disabled": True, "reason": None}, "validation_failed"),
        ({"disabled": True, "reason": "two\nlines"}, "invalid_reason"),
        ({"disabled": True, "reason": "x" * 201}, "invalid_reason"),
        ({"disabled": True, "until": "2020-01-01T00:00:00Z"}, "invalid_until"),
        ({"disabled": True, "until": "9999-12-31T23:59:59-14:00"}, "invalid_until"),
        ({"disabled": True, "until": "2030-01-01T00:00:00"}, "validation_failed"),
        ({"disabled": True, "until": "tomorrow"}, "validation_failed"),
        ({"disabled": True, "until": 1893456000}, "validation_failed"),
    ],
)
def test_a_suspension_that_makes_no_sense_is_refused(
    server: App, admin: httpx2.Client, unique: Unique, body: dict[str, Any], code: str
) -> None:
    ada = server.create_user(unique("ada"))
    refused = admin.patch(f"/api/admin/users/{ada.id}", json=body)
    assert outcome(refused) == (400, code)
    if code.startswith("invalid_"):
        assert refused.json()["errors"][0]["field"] == code.removeprefix("invalid_")
    assert admin.get(f"/api/admin/users/{ada.id}").json()["disabled"] is False


def test_a_reset_is_started_for_an_enabled_account_only(server: App, admin: httpx2.Client, unique: Unique) -> None:
    """RS-01: the answer has neither a link nor a token."""
    ada = server.create_user(unique("ada"))
    path = f"/api/admin/users/{ada.id}"
    started = admin.post(f"{path}/password-reset")
    assert (started.status_code, started.json()) == (202, {"message": "A letter is on its way."})
    assert server.lets_in(ada)
    admin.patch(path, json={"disabled": True})
    assert outcome(admin.post(f"{path}/password-reset")) == (409, "account_disabled")
    admin.delete(path)
    assert outcome(admin.post(f"{path}/password-reset")) == (404, "account_not_found")
