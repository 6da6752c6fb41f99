"""Backups of a service at work, and the service on what was restored from them."""

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from integration.backups.conftest import FreshUrl
from support.http.service import Account, somebody
from support.programs.server_process import Server, running, server_in, serving
from support.sql_by_hand import Sql, sql_on

SECRET = "one secret of every node of this test, 2b7e151628aed2a6"
WRITERS = 2

DATABASES = pytest.mark.parametrize(
    ("source", "target"), [("sqlite", "mysql"), pytest.param("mysql", "sqlite", marks=pytest.mark.full)]
)


def settings_of(url: str) -> dict[str, str]:
    return {"database_url": url, "secret_key": SECRET, "issuer": "http://127.0.0.1"}


def signing_up(server: Server, writer: int, over: Event) -> Callable[[], list[str]]:
    """Return work that signs people up until it is over, and returns those whose sign-up was acknowledged."""

    def work() -> list[str]:
        made: list[str] = []
        with server.client() as client:
            while not over.is_set():
                name = f"writer{writer}n{len(made)}"
                assert client.post("/api/auth/signup", json=somebody(name)).status_code == 201
                made.append(name)
        return made

    return work


def backed_up_under_load(server: Server, file: Path) -> list[str]:
    """Back up while people sign up, and return who had done so before the command began."""
    over = Event()
    with ThreadPoolExecutor(WRITERS) as threads:
        signing = [threads.submit(signing_up(server, writer, over)) for writer in range(WRITERS)]
        try:
            before = acknowledged_so_far(server)
            done = server.run("backup", str(file))
        finally:
            over.set()
        assert done.returncode == 0, done.stderr
        made = [name for each in signing for name in each.result()]
    assert len(made) > WRITERS
    return before


def acknowledged_so_far(server: Server) -> list[str]:
    """The names of accounts of which an admin sees that they exist."""
    answer = server.request("GET", "/api/admin/users", params={"limit": "200"}, headers=server.admin.bearer)
    return [user["username"] for user in answer.json()["users"]]


def epoch_in(token: str) -> int:
    payload = token.split(".")[1]
    return int(json.loads(base64.urlsafe_b64decode(payload + "=="))["epoch"])


def assert_whole(sql: Sql) -> None:
    """Every account has its role and the audit entry of its beginning, and nothing refers to what is not there."""
    for missing in (
        "SELECT COUNT(*) FROM users WHERE id NOT IN (SELECT user_id FROM user_roles)",
        "SELECT COUNT(*) FROM users WHERE id NOT IN (SELECT stream FROM audit_entries WHERE event = 'user_created')",
        "SELECT COUNT(*) FROM users WHERE id NOT IN (SELECT stream FROM audit_streams)",
        "SELECT COUNT(*) FROM user_roles WHERE user_id NOT IN (SELECT id FROM users)",
        "SELECT COUNT(*) FROM sessions WHERE user_id NOT IN (SELECT id FROM users)",
    ):
        assert sql(missing) == [(0,)], missing


@DATABASES
def test_what_was_issued_before_and_after_a_backup_is_void_in_a_restored_service_and_everybody_signs_in(
    tmp_path: Path, fresh_url: FreshUrl, source: str, target: str
) -> None:
    """F-40, ST-11: under load, into another database, with the same master secret, as after a loss of the first one."""
    here, there, file = fresh_url(source), fresh_url(target), tmp_path / "doorward.backup"
    with running(tmp_path / "first", **settings_of(here)) as first:
        service = first.add_service("gate")
        old: list[Account] = [first.admin, first.create_user("ada", "moderator")]
        before = backed_up_under_load(first, file)
        old.append(first.sign_in("ada"))
        assert first.run("sessions", "end", "ada").returncode == 0
        old.append(first.sign_in("ada"))
        assert epoch_in(old[-1].token) > epoch_in(old[1].token)
        first.request("POST", "/api/auth/signup", json=somebody("later"))
        lost = first.sign_in("later")
    second = server_in(tmp_path / "second", **settings_of(there))
    assert second.run("restore", str(file)).returncode == 0
    second.secrets |= first.secrets
    assert_whole(sql_on(there))
    with serving(second, "serve"):
        for account in (*old, lost):
            assert not second.lets_in(account)
            assert second.refresh(account.refresh_token).status_code == 401
        keeper, ada = second.sign_in("keeper"), second.sign_in("ada")
        assert second.lets_in(ada)
        assert epoch_in(ada.token) > max(epoch_in(account.token) for account in old)
        assert second.refresh(ada.refresh_token).status_code == 200
        second._admin = keeper  # noqa: SLF001 it exists already
        assert set(before) <= set(acknowledged_so_far(second))
        answer = second.request("POST", "/api/auth/introspect", data={"token": keeper.token}, auth=service)
        assert answer.json()["active"] is True
        refused = second.request("POST", "/api/auth/signin", json={"username": "later", "password": "unknown here"})
        assert refused.status_code == 401
        assert second.run("doctor").returncode == 0
        export = tmp_path / "audit.jsonl"
        assert second.run("audit", "export", "--output", str(export)).returncode == 0
        assert second.run("audit", "verify", str(export)).returncode == 0


@pytest.mark.full
@DATABASES
def test_nobody_signs_in_anew_after_a_move_to_another_database(
    tmp_path: Path, fresh_url: FreshUrl, source: str, target: str
) -> None:
    """F-40: with the service stopped, and everything kept."""
    here, there, file = fresh_url(source), fresh_url(target), tmp_path / "doorward.backup"
    with running(tmp_path / "first", **settings_of(here)) as first:
        ada, gone = first.create_user("ada"), first.create_user("gone")
        answer = first.request("POST", "/api/auth/signout", headers=gone.bearer)
        assert answer.is_success, answer.text
    assert first.run("backup", str(file)).returncode == 0
    second = server_in(tmp_path / "second", **settings_of(there))
    second.secrets |= first.secrets
    assert second.run("restore", str(file), "--keep-sessions").returncode == 0
    with serving(second, "serve"):
        assert second.lets_in(ada)
        assert second.lets_in(second.refreshed(ada))
        assert not second.lets_in(gone), "Its session had ended before."
        assert second.refresh(gone.refresh_token).status_code == 401
