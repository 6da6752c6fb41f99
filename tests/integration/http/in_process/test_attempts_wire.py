"""Guessing at passwords over HTTP."""

from http.cookies import SimpleCookie

import httpx2
import pytest

from doorward.testing.builders import PASSWORD
from support.http.in_process import App, ServeApp, in_process
from support.http.service import outcome

pytestmark = [
    pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session"),
    pytest.mark.usefixtures("one_moment"),
]
"""The contract tests of the counts run on every database. No delay ends by itself."""

DEVICE = "doorward-device"


@pytest.fixture
def limited(serve: ServeApp) -> App:
    """Two attempts are free."""
    app = serve(sign_in_free_attempts="2")
    app.create_user("ada")
    return app


def attempt(app: App, name: str, password: str = "wrong", cookie: str = "") -> httpx2.Response:
    headers = {"X-Request-Id": "attempt-of-ada", "Cookie": cookie}
    return app.request("POST", "/api/auth/signin", json={"username": name, "password": password}, headers=headers)


def device_cookie(app: App, name: str, cookie: str = "") -> str:
    """The cookie that marks the browser, as a sign-in with cookies sets it."""
    body = {"username": name, "password": PASSWORD, "cookies": True}
    answer = app.request("POST", "/api/auth/signin", json=body, headers={"Origin": app.origin, "Cookie": cookie})
    assert answer.status_code == 200
    set_cookies = SimpleCookie("\r\n".join(answer.headers.get_list("set-cookie")))
    morsel = set_cookies[DEVICE]
    path = app.settings.public_path or "/"
    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "lax", path)
    return f"{DEVICE}={morsel.value}"


def test_too_many_attempts_are_answered_429_for_every_name_alike(limited: App) -> None:
    """SI-05."""
    refusals = []
    for name in ("ada", "nobody"):
        for _ in range(2):
            assert outcome(attempt(limited, name)) == (401, "invalid_credentials")
        refused = attempt(limited, name, PASSWORD)
        assert outcome(refused) == (429, "too_many_attempts")
        assert refused.headers["retry-after"] == "1"
        refusals.append((refused.content, refused.headers.keys()))
    assert refusals[0] == refusals[1]


def test_all_workers_and_nodes_count_together(limited: App) -> None:
    """SI-05, OP-08: another process on the same database goes on counting."""
    for _ in range(2):
        attempt(limited, "ada")
    with in_process(limited.settings.data_dir, sign_in_free_attempts="2") as other:
        assert outcome(attempt(other, "ada", PASSWORD)) == (429, "too_many_attempts")


def test_a_browser_that_the_account_has_used_is_not_locked_out_by_strangers(limited: App) -> None:
    """SI-07."""
    cookie = device_cookie(limited, "ada")
    for _ in range(2):
        attempt(limited, "ada")
    assert outcome(attempt(limited, "ada", PASSWORD)) == (429, "too_many_attempts")
    assert attempt(limited, "ada", PASSWORD, cookie).status_code == 200
    assert device_cookie(limited, "ada", cookie) == cookie


def test_a_sign_in_without_cookies_marks_no_browser(limited: App) -> None:
    assert "set-cookie" not in attempt(limited, "ada", PASSWORD).headers


def test_a_wrong_mark_is_ignored(limited: App) -> None:
    limited.create_user("eve")
    for cookie in (f"{DEVICE}=", f"{DEVICE}=x", device_cookie(limited, "eve")):
        assert attempt(limited, "ada", PASSWORD, cookie).status_code == 200
    for _ in range(2):
        attempt(limited, "ada")
    assert outcome(attempt(limited, "ada", PASSWORD, device_cookie(limited, "eve"))) == (429, "too_many_attempts")


def test_wrong_passwords_at_a_change_are_limited_and_are_not_counted_with_those_of_strangers(limited: App) -> None:
    """PW-01."""
    ada = limited.sign_in("ada")
    change = {"currentPassword": "wrong", "newPassword": "another quiet meadow"}
    for _ in range(2):
        attempt(limited, "ada")
    for _ in range(2):
        answer = limited.request("POST", "/api/account/password", json=change, headers=ada.bearer)
        assert outcome(answer) == (403, "password_wrong")
    answer = limited.request("POST", "/api/account/password", json=change, headers=ada.bearer)
    assert outcome(answer) == (429, "too_many_attempts")
    limited.create_user("eve")
    eve = limited.sign_in("eve")
    for _ in range(2):
        limited.request("POST", "/api/account/password", json=change, headers=eve.bearer)
    assert attempt(limited, "eve", PASSWORD).status_code == 200
