"""A request waits for the hash of a password, and meanwhile other requests end what it would act for."""

import asyncio
from collections.abc import Callable

import httpx2
import pytest

from doorward.application.ports.security import PasswordHasher
from doorward.testing.builders import OTHER_PASSWORD, PASSWORD
from support.doubles import InterruptedHasher
from support.http.in_process import App
from support.http.service import Account, Unique, outcome
from support.jwt.material import read_claims

pytestmark = pytest.mark.storage_bound

THIRD_PASSWORD = "another quiet meadow"

REFUSED, WRONG = (401, "invalid_token"), (403, "password_wrong")

Event = Callable[[App, Account], httpx2.Response]
"""What happens to the account meanwhile."""


def session_ended(server: App, ada: Account) -> httpx2.Response:
    other = server.sign_in(ada.username)
    return server.request("DELETE", f"/api/account/sessions/{read_claims(ada.token)['sid']}", headers=other.bearer)


def signed_out_everywhere(server: App, ada: Account) -> httpx2.Response:
    return server.request("POST", "/api/auth/signout-all", headers=server.sign_in(ada.username).bearer)


def disabled(server: App, ada: Account) -> httpx2.Response:
    return server.request("PATCH", f"/api/admin/users/{ada.id}", headers=server.admin.bearer, json={"disabled": True})


def disabled_and_enabled(server: App, ada: Account) -> httpx2.Response:
    assert disabled(server, ada).is_success
    return server.request("PATCH", f"/api/admin/users/{ada.id}", headers=server.admin.bearer, json={"disabled": False})


def deleted(server: App, ada: Account) -> httpx2.Response:
    return server.request("DELETE", f"/api/admin/users/{ada.id}", headers=server.admin.bearer)


def password_changed_elsewhere(server: App, ada: Account) -> httpx2.Response:
    return password_changed(server, server.sign_in(ada.username))


def password_changed(server: App, ada: Account) -> httpx2.Response:
    server.secrets.add(THIRD_PASSWORD)
    return change_password(server, ada, THIRD_PASSWORD)


def change_password(server: App, ada: Account, new: str = OTHER_PASSWORD) -> httpx2.Response:
    server.secrets.add(new)
    body = {"currentPassword": PASSWORD, "newPassword": new}
    return server.request("POST", "/api/account/password", headers=ada.bearer, json=body)


def delete_account(server: App, ada: Account) -> httpx2.Response:
    return server.request("DELETE", "/api/account", headers=ada.bearer, json={"password": PASSWORD})


@pytest.mark.parametrize("request_of_ada", [delete_account, change_password])
@pytest.mark.parametrize(
    ("event", "refusal", "password"),
    [
        (session_ended, REFUSED, PASSWORD),
        (signed_out_everywhere, REFUSED, PASSWORD),
        (disabled, REFUSED, None),
        (disabled_and_enabled, REFUSED, PASSWORD),
        (deleted, REFUSED, None),
        (password_changed_elsewhere, REFUSED, THIRD_PASSWORD),
        (password_changed, WRONG, THIRD_PASSWORD),
    ],
)
def test_a_request_that_waited_for_a_hash_decides_by_what_is_true_when_it_goes_on(
    server: App,
    unique: Unique,
    request_of_ada: Callable[[App, Account], httpx2.Response],
    event: Event,
    refusal: tuple[int, str],
    password: str | None,
) -> None:
    """AZ-07. Afterwards the account has this password; None if nobody can sign in."""
    ada, _ = server.create_user(unique("ada")), server.admin
    hasher = server.loop.run(server.container.get(PasswordHasher))
    assert isinstance(hasher, InterruptedHasher)
    hasher.interruption = lambda: asyncio.to_thread(meanwhile)
    happened: list[httpx2.Response] = []

    def meanwhile() -> None:
        happened.append(event(server, ada))

    assert outcome(request_of_ada(server, ada)) == refusal
    assert [answer.status_code for answer in happened] in ([200], [204])
    for each in (PASSWORD, OTHER_PASSWORD, THIRD_PASSWORD):
        body = {"username": ada.username, "password": each}
        answer = server.request("POST", "/api/auth/signin", json=body)
        assert answer.is_success == (each == password), each
        if answer.is_success:
            server.hide(answer)
