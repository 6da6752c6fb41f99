"""Section 4 of the wire contract, first half: accounts, and who grants them what."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from doorward.testing.builders import PASSWORD
from support.http.in_process import App, ServeApp
from support.http.service import USER_MEMBERS, Account, Unique, outcome, somebody

pytestmark = pytest.mark.storage_bound


def test_an_account_is_shown_without_anything_secret(server: App, admin: httpx2.Client, unique: Unique) -> None:
    """AZ-04: no hash, salt, epoch or version in any answer."""
    ada = server.create_user(unique("ada"), "moderator")
    shown = admin.get(f"/api/admin/users/{ada.id}").json()
    assert set(shown) == USER_MEMBERS | {"profile"}
    assert (shown["id"], shown["username"], shown["email"]) == (ada.id, ada.username, ada.email)
    assert (shown["roles"], shown["disabled"]) == (["moderator", "user"], False)
    assert shown["createdAt"].endswith("Z")
    listed = admin.get("/api/admin/users", params={"query": ada.username}).json()["users"]
    assert shown.pop("profile") is None
    assert listed == [shown]


def test_an_admin_creates_an_account_with_roles(server: App, admin: httpx2.Client, unique: Unique) -> None:
    """LG-01: the answer says where the account is, and the log who created it."""
    name = unique("Ada")
    created = admin.post("/api/admin/users", json=somebody(name, roles=["moderator"]))
    assert created.status_code == 201, created.text
    ada = created.json()
    assert set(ada) == USER_MEMBERS | {"profile"}
    assert (ada["username"], ada["email"], ada["roles"]) == (name, f"{name}@example.org", ["moderator", "user"])
    assert created.headers["location"] == f"{server.url}/api/admin/users/{ada['id']}"
    assert admin.get(created.headers["location"]).json() == ada
    with server.client(headers=server.sign_in(name.lower()).bearer) as hers:
        assert hers.get("/api/test/mod").status_code == 200
    line = server.line(event="user_created", user_id=ada["id"])
    assert (line["by"], line["roles"]) == (server.admin.id, "moderator user")


def test_an_admin_may_create_an_account_with_a_reserved_name(serve: ServeApp) -> None:
    """As on the command line; nobody can sign up with it."""
    server = serve()
    with server.client(headers=server.admin.bearer) as admin:
        assert outcome(admin.post("/api/auth/signup", json=somebody("support"))) == (400, "username_reserved")
        assert admin.post("/api/admin/users", json=somebody("support")).json()["roles"] == ["user"]


def test_an_account_that_cannot_be_created_is_refused(server: App, admin: httpx2.Client, unique: Unique) -> None:
    """AZ-04, SU-13: neither an id nor a hash can be given."""
    bob, name = server.create_user(unique("bob")), unique("ada")
    refusals: list[tuple[dict[str, object], int, str]] = [
        ({"username": bob.username.upper()}, 409, "username_taken"),
        ({"email": bob.email}, 409, "email_taken"),
        ({"username": "a b"}, 400, "invalid_username"),
        ({"email": "a@b"}, 400, "invalid_email"),
        ({"password": "short"}, 400, "password_too_short"),
        ({"password": "x" * 257}, 400, "password_too_long"),
        ({"password": f"{name} and a kettle"}, 400, "password_blocked"),
        ({"password": None}, 400, "validation_failed"),
        ({"roles": ["boss"]}, 400, "role_unknown"),
        ({"roles": ["Admin"]}, 400, "invalid_role_name"),
        ({"roles": ["user"] * 33}, 400, "validation_failed"),
        ({"id": bob.id}, 400, "validation_failed"),
        ({"passwordHash": "$argon2id$"}, 400, "validation_failed"),
    ]
    for member, *expected in refusals:
        assert [*outcome(admin.post("/api/admin/users", json=somebody(name) | member))] == expected, member
    without = {member: value for member, value in somebody(name).items() if member != "password"}
    assert outcome(admin.post("/api/admin/users", json=without)) == (400, "validation_failed")
    assert admin.get("/api/admin/users", params={"query": name}).json()["users"] == []


def test_who_is_no_admin_learns_nothing_of_others_not_even_whether_they_exist(server: App, unique: Unique) -> None:
    """AZ-03: one answer for one's own id, another's, and nobody's."""
    ada, grace = server.create_user(unique("ada"), "moderator"), server.create_user(unique("grace"))
    with server.client(headers=ada.bearer) as client:
        answers = [client.get(f"/api/admin/users/{user_id}") for user_id in (ada.id, grace.id, uuid4())]
    told = [{name: value for name, value in answer.json().items() if name != "requestId"} for answer in answers]
    assert [answer.status_code for answer in answers] == [403] * 3
    assert told[0] == told[1] == told[2]
    assert told[0]["detail"] == "Require Admin Role!"


def test_accounts_come_page_by_page_in_the_order_of_their_names(
    server: App, admin: httpx2.Client, unique: Unique
) -> None:
    """AD-04: each account once, the page size bounded."""
    stem = unique("paged")
    names = [f"{stem}.{letter}" for letter in "abcde"]
    for name in reversed(names):
        server.create_user(name)
    assert list(paged(admin, query=f"{stem}.", limit=2)) == names
    assert list(paged(admin, query=f"{stem.upper()}.", limit=200)) == names
    by_email = list(paged(admin, query=f"{stem}.c@", limit=2))
    assert by_email == [f"{stem}.c"]
    for limit in ("0", "201", "-1", "x", "1e3", ""):
        refused = admin.get("/api/admin/users", params={"limit": limit})
        assert outcome(refused) == (400, "validation_failed")
        assert refused.json()["errors"][0]["field"] == "limit"


def paged(admin: httpx2.Client, *, query: str, limit: int) -> Iterator[str]:
    after: str | None = None
    while True:
        params: dict[str, Any] = {"query": query, "limit": limit} | ({"after": after} if after else {})
        page = admin.get("/api/admin/users", params=params).json()
        assert len(page["users"]) <= limit
        yield from (user["username"] for user in page["users"])
        after = page["after"]
        if after is None:
            return


def test_an_account_is_renamed_and_its_address_changed(server: App, admin: httpx2.Client, unique: Unique) -> None:
    ada, name = server.create_user(unique("ada")), unique("Renamed")
    changed = admin.patch(f"/api/admin/users/{ada.id}", json={"username": name, "email": f"{name}@Example.org"})
    assert changed.status_code == 200
    assert (changed.json()["username"], changed.json()["email"]) == (name, f"{name}@example.org")
    assert admin.get(f"/api/admin/users/{ada.id}").json() == changed.json()
    assert server.sign_in(name.lower()).id == ada.id
    unchanged = admin.patch(f"/api/admin/users/{ada.id}", json={})
    assert unchanged.json() == changed.json()


def test_what_an_account_cannot_become_is_refused_and_nothing_changed(
    server: App, admin: httpx2.Client, unique: Unique
) -> None:
    """AZ-04: neither roles nor password nor id can be set this way."""
    ada, bob = server.create_user(unique("ada")), server.create_user(unique("bob"))
    path = f"/api/admin/users/{ada.id}"
    before = admin.get(path).json()
    refusals = [
        ({"username": bob.username.upper()}, 409, "username_taken"),
        ({"email": bob.email}, 409, "email_taken"),
        ({"username": "a b"}, 400, "invalid_username"),
        ({"email": "a@b"}, 400, "invalid_email"),
        ({"disabled": "true"}, 400, "validation_failed"),
        ({"disabled": None}, 400, "validation_failed"),
        ({"username": None}, 400, "validation_failed"),
        ({"roles": ["admin"]}, 400, "validation_failed"),
        ({"password": PASSWORD}, 400, "validation_failed"),
        ({"id": bob.id}, 400, "validation_failed"),
    ]
    for body, *expected in refusals:
        assert [*outcome(admin.patch(path, json=body))] == expected
    assert admin.get(path).json() == before


def test_a_disabled_account_is_out_until_it_is_enabled(server: App, admin: httpx2.Client, unique: Unique) -> None:
    """TK-16, AD-02: at once; and tokens from before stay dead."""
    ada = server.create_user(unique("ada"))
    assert admin.patch(f"/api/admin/users/{ada.id}", json={"disabled": True}).json()["disabled"] is True
    with server.client() as client:
        assert client.get("/api/test/user", headers=ada.bearer).status_code == 401
        credentials = {"username": ada.username, "password": PASSWORD}
        assert client.post("/api/auth/signin", json=credentials).status_code == 401
        assert admin.patch(f"/api/admin/users/{ada.id}", json={"disabled": False}).json()["disabled"] is False
        assert client.get("/api/test/user", headers=ada.bearer).status_code == 401
        assert client.get("/api/test/user", headers=server.sign_in(ada.username).bearer).status_code == 200


def test_an_account_that_is_not_kept_is_gone_and_its_name_free(serve: ServeApp) -> None:
    """ST-08, TK-23: the next account of that name is another one."""
    server = serve(deleted_accounts_days="0")
    ada = server.create_user("ada", "moderator")
    with server.client(headers=server.admin.bearer) as admin:
        deleted = admin.delete(f"/api/admin/users/{ada.id}")
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert outcome(admin.get(f"/api/admin/users/{ada.id}")) == (404, "account_not_found")
        assert outcome(admin.post(f"/api/admin/users/{ada.id}/restore")) == (404, "account_not_found")
        again = server.create_user(ada.username)
        assert again.id != ada.id
        assert admin.get(f"/api/admin/users/{again.id}").json()["roles"] == ["user"]


def test_accounts_and_roles_that_do_not_exist_are_not_found(server: App, admin: httpx2.Client, unique: Unique) -> None:
    ada, nobody = server.create_user(unique("ada")), uuid4()
    for method in ("GET", "DELETE"):
        assert outcome(admin.request(method, f"/api/admin/users/{nobody}")) == (404, "account_not_found")
    assert outcome(admin.patch(f"/api/admin/users/{nobody}", json={})) == (404, "account_not_found")
    assert outcome(admin.get("/api/admin/users/not-an-id")) == (404, "not_found")
    for method in ("PUT", "DELETE"):
        path = f"/api/admin/users/{nobody}/roles/moderator"
        assert outcome(admin.request(method, path)) == (404, "account_not_found")
        assert outcome(admin.request(method, f"/api/admin/users/{ada.id}/roles/boss")) == (404, "role_not_found")


def test_granting_and_revoking_are_idempotent(server: App, admin: httpx2.Client, unique: Unique) -> None:
    """TK-16: both count for the very next request."""
    ada = server.create_user(unique("ada"))
    path = f"/api/admin/users/{ada.id}/roles/moderator"
    with server.client(headers=ada.bearer) as hers:
        for method, status in (("PUT", 200), ("PUT", 200), ("DELETE", 403), ("DELETE", 403)):
            answer = admin.request(method, path)
            assert (answer.status_code, answer.content) == (204, b"")
            assert hers.get("/api/test/mod").status_code == status


@pytest.mark.parametrize("role", ["Admin", "ADMIN", "admin.", "1admin", "-admin", "a" * 65])
def test_role_names_are_compared_exactly(server: App, admin: httpx2.Client, unique: Unique, role: str) -> None:
    """AZ-06."""
    ada = server.create_user(unique("ada"))
    answer = admin.put(f"/api/admin/users/{ada.id}/roles/{role}")
    assert outcome(answer) in {(400, "invalid_role_name"), (404, "role_not_found")}
    assert admin.get(f"/api/admin/users/{ada.id}").json()["roles"] == ["user"]


def test_the_last_admin_stays_whatever_is_asked(serve: ServeApp) -> None:
    """AZ-05: role, account and access."""
    server = serve()
    path = f"/api/admin/users/{server.admin.id}"
    with server.client(headers=server.admin.bearer) as admin:
        assert outcome(admin.delete(f"{path}/roles/admin")) == (409, "last_admin")
        assert outcome(admin.patch(path, json={"disabled": True})) == (409, "last_admin")
        assert outcome(admin.delete(path)) == (409, "last_admin")
        second = server.create_user("second", "admin")
        assert admin.delete(f"{path}/roles/admin").status_code == 204
        assert admin.get("/api/admin/users").status_code == 403
    with server.client(headers=second.bearer) as admin:
        assert outcome(admin.delete(f"/api/admin/users/{second.id}")) == (409, "last_admin")


def test_admins_who_remove_each_other_at_once_leave_one(serve: ServeApp) -> None:
    """AZ-05."""
    server = serve()
    pairs = [(server.admin, server.create_user("second", "admin"))]
    pairs.append(pairs[0][::-1])

    def remove(pair: tuple[Account, Account]) -> int:
        by, whom = pair
        with server.client(headers=by.bearer) as client:
            return client.delete(f"/api/admin/users/{whom.id}/roles/admin").status_code

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(remove, pairs))
    assert statuses[0] == 204
    assert statuses[1] in {403, 409}
    left = [account for account in pairs[0] if is_admin(server, account)]
    assert len(left) == 1


def is_admin(server: App, account: Account) -> bool:
    with server.client(headers=account.bearer) as client:
        return client.get("/api/test/admin").is_success
