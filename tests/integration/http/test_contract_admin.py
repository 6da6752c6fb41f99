"""Section 4 of the wire contract: accounts, roles, and why somebody may do something."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from builders import PASSWORD
from server_process import Account, Serve, Server

Name = Callable[[str], str]

USER_MEMBERS = {"id", "username", "email", "roles", "disabled", "createdAt"}


@pytest.fixture
def admin(server: Server) -> Iterator[httpx2.Client]:
    with server.client(headers=server.admin.bearer) as client:
        yield client


def code(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- accounts ---------------------------------------------------------------------------------------


def test_an_account_is_shown_without_anything_secret(server: Server, admin: httpx2.Client, unique: Name) -> None:
    """AZ-04: no hash, salt, epoch or version in any answer."""
    ada = server.create_user(unique("ada"), "moderator")
    shown = admin.get(f"/api/admin/users/{ada.id}").json()
    assert set(shown) == USER_MEMBERS
    assert (shown["id"], shown["username"], shown["email"]) == (ada.id, ada.username, ada.email)
    assert (shown["roles"], shown["disabled"]) == (["moderator", "user"], False)
    assert shown["createdAt"].endswith("Z")
    listed = admin.get("/api/admin/users", params={"query": ada.username}).json()["users"]
    assert listed == [shown]


def test_who_is_no_admin_learns_nothing_of_others_not_even_whether_they_exist(server: Server, unique: Name) -> None:
    """AZ-03: one answer for one's own id, another's, and nobody's."""
    ada, grace = server.create_user(unique("ada"), "moderator"), server.create_user(unique("grace"))
    with server.client(headers=ada.bearer) as client:
        answers = [client.get(f"/api/admin/users/{user_id}") for user_id in (ada.id, grace.id, uuid4())]
    told = [{name: value for name, value in answer.json().items() if name != "requestId"} for answer in answers]
    assert [answer.status_code for answer in answers] == [403] * 3
    assert told[0] == told[1] == told[2]
    assert told[0]["detail"] == "Require Admin Role!"


def test_accounts_come_page_by_page_in_the_order_of_their_names(
    server: Server, admin: httpx2.Client, unique: Name
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
        assert code(refused) == (400, "validation_failed")
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


def test_an_account_is_renamed_and_its_address_changed(server: Server, admin: httpx2.Client, unique: Name) -> None:
    ada, name = server.create_user(unique("ada")), unique("Renamed")
    changed = admin.patch(f"/api/admin/users/{ada.id}", json={"username": name, "email": f"{name}@Example.org"})
    assert changed.status_code == 200
    assert (changed.json()["username"], changed.json()["email"]) == (name, f"{name}@example.org")
    assert admin.get(f"/api/admin/users/{ada.id}").json() == changed.json()
    assert server.sign_in(name.lower()).id == ada.id
    unchanged = admin.patch(f"/api/admin/users/{ada.id}", json={})
    assert unchanged.json() == changed.json()


def test_what_an_account_cannot_become_is_refused_and_nothing_changed(
    server: Server, admin: httpx2.Client, unique: Name
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
        assert [*code(admin.patch(path, json=body))] == expected
    assert admin.get(path).json() == before


def test_a_disabled_account_is_out_until_it_is_enabled(server: Server, admin: httpx2.Client, unique: Name) -> None:
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


def test_a_deleted_account_is_gone_and_its_name_free(server: Server, admin: httpx2.Client, unique: Name) -> None:
    """ST-08, TK-23: the next account of that name is another one."""
    ada = server.create_user(unique("ada"), "moderator")
    deleted = admin.delete(f"/api/admin/users/{ada.id}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert code(admin.get(f"/api/admin/users/{ada.id}")) == (404, "account_not_found")
    again = server.create_user(ada.username)
    assert again.id != ada.id
    assert admin.get(f"/api/admin/users/{again.id}").json()["roles"] == ["user"]


def test_accounts_and_roles_that_do_not_exist_are_not_found(server: Server, admin: httpx2.Client, unique: Name) -> None:
    ada, nobody = server.create_user(unique("ada")), uuid4()
    for method in ("GET", "DELETE"):
        assert code(admin.request(method, f"/api/admin/users/{nobody}")) == (404, "account_not_found")
    assert code(admin.patch(f"/api/admin/users/{nobody}", json={})) == (404, "account_not_found")
    assert code(admin.get("/api/admin/users/not-an-id")) == (404, "not_found")
    for method in ("PUT", "DELETE"):
        path = f"/api/admin/users/{nobody}/roles/moderator"
        assert code(admin.request(method, path)) == (404, "account_not_found")
        assert code(admin.request(method, f"/api/admin/users/{ada.id}/roles/boss")) == (404, "role_not_found")


# --- granting and revoking --------------------------------------------------------------------------


def test_granting_and_revoking_are_idempotent(server: Server, admin: httpx2.Client, unique: Name) -> None:
    """TK-16: both count for the very next request."""
    ada = server.create_user(unique("ada"))
    path = f"/api/admin/users/{ada.id}/roles/moderator"
    with server.client(headers=ada.bearer) as hers:
        for method, status in (("PUT", 200), ("PUT", 200), ("DELETE", 403), ("DELETE", 403)):
            answer = admin.request(method, path)
            assert (answer.status_code, answer.content) == (204, b"")
            assert hers.get("/api/test/mod").status_code == status


@pytest.mark.parametrize("role", ["Admin", "ADMIN", "admin.", "1admin", "-admin", "a" * 65])
def test_role_names_are_compared_exactly(server: Server, admin: httpx2.Client, unique: Name, role: str) -> None:
    """AZ-06."""
    ada = server.create_user(unique("ada"))
    answer = admin.put(f"/api/admin/users/{ada.id}/roles/{role}")
    assert code(answer) in {(400, "invalid_role_name"), (404, "role_not_found")}
    assert admin.get(f"/api/admin/users/{ada.id}").json()["roles"] == ["user"]


def test_the_last_admin_stays_whatever_is_asked(serve: Serve) -> None:
    """AZ-05: role, account and access."""
    server = serve()
    path = f"/api/admin/users/{server.admin.id}"
    with server.client(headers=server.admin.bearer) as admin:
        assert code(admin.delete(f"{path}/roles/admin")) == (409, "last_admin")
        assert code(admin.patch(path, json={"disabled": True})) == (409, "last_admin")
        assert code(admin.delete(path)) == (409, "last_admin")
        second = server.create_user("second", "admin")
        assert admin.delete(f"{path}/roles/admin").status_code == 204
        assert admin.get("/api/admin/users").status_code == 403
    with server.client(headers=second.bearer) as admin:
        assert code(admin.delete(f"/api/admin/users/{second.id}")) == (409, "last_admin")


def test_admins_who_remove_each_other_at_once_leave_one(serve: Serve) -> None:
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


def is_admin(server: Server, account: Account) -> bool:
    with server.client(headers=account.bearer) as client:
        return client.get("/api/test/admin").is_success


# --- roles ------------------------------------------------------------------------------------------


def test_a_role_of_ones_own_is_added_described_and_removed(server: Server, admin: httpx2.Client, unique: Name) -> None:
    role = unique("editor")
    path = f"/api/admin/roles/{role}"
    assert code(admin.get(path)) == (404, "role_not_found")
    added = admin.put(path, json={"description": "May write."})
    assert added.status_code == 201
    assert {**added.json(), "createdAt": ""} == {
        "name": role,
        "description": "May write.",
        "builtIn": False,
        "createdAt": "",
    }
    described = admin.put(path, json={})
    assert (described.status_code, described.json()["description"]) == (200, "")
    assert admin.get(path).json() == described.json()
    assert role in [listed["name"] for listed in admin.get("/api/admin/roles").json()["roles"]]
    ada = server.create_user(unique("ada"), role)
    assert admin.get(f"/api/admin/users/{ada.id}").json()["roles"] == sorted([role, "user"])
    assert admin.delete(path).status_code == 204
    assert code(admin.delete(path)) == (404, "role_not_found")
    assert admin.get(f"/api/admin/users/{ada.id}").json()["roles"] == ["user"]


def test_built_in_roles_stay(admin: httpx2.Client) -> None:
    listed = {role["name"]: role["builtIn"] for role in admin.get("/api/admin/roles").json()["roles"]}
    for role in ("user", "moderator", "admin"):
        assert listed[role] is True
        assert code(admin.delete(f"/api/admin/roles/{role}")) == (409, "role_built_in")


def test_bad_roles_are_refused(admin: httpx2.Client, unique: Name) -> None:
    assert code(admin.put("/api/admin/roles/Editor", json={})) == (400, "invalid_role_name")
    path = f"/api/admin/roles/{unique('editor')}"
    for description in ("x" * 201, "two\nlines", 7, None):
        assert code(admin.put(path, json={"description": description})) == (400, "validation_failed")
    assert code(admin.get(path)) == (404, "role_not_found")


# --- why --------------------------------------------------------------------------------------------


def test_an_explanation_says_which_grant_decides_or_what_is_missing(
    server: Server, admin: httpx2.Client, unique: Name
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
    for name in (ada.id, ada.email, ada.username.upper()):
        refused = admin.post("/api/admin/explain", json={"user": name, "anyRole": ["admin"]}).json()
        assert (refused["allowed"], refused["reason"], refused["missing"]) == (False, "role_missing", ["admin"])


def test_an_explanation_of_a_route_is_what_the_guard_does(server: Server, admin: httpx2.Client, unique: Name) -> None:
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


def test_a_disabled_account_is_explained_too(server: Server, admin: httpx2.Client, unique: Name) -> None:
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
        ({"user": "keeper", "anyRole": ["Admin"]}, (400, "invalid_role_name")),
        ({"user": "keeper", "method": "GET", "path": "/nowhere"}, (404, "route_not_found")),
        ({"user": "keeper", "method": "PUT", "path": "/api/test/all"}, (404, "route_not_found")),
        ({"user": "nobody at all", "anyRole": ["admin"]}, (404, "account_not_found")),
        ({"anyRole": ["admin"]}, (400, "validation_failed")),
    ],
)
def test_a_question_that_has_no_answer_is_refused(
    admin: httpx2.Client, question: dict[str, Any], answer: tuple[int, str]
) -> None:
    assert code(admin.post("/api/admin/explain", json=question)) == answer
