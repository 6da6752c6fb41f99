"""A healthy database at a distance works, in every part of the service. The distance is made by a proxy."""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import urlsplit

import pytest

from doorward.domain.access.role import MODERATOR
from doorward.infrastructure.sql.round_trip import ROUND_TRIPS_PER_BLOCK
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import PASSWORD, a_user
from doorward.testing.storage_access import found, grant, put
from support.http.service import Account
from support.made_tables import make_tables
from support.mysql.distant import at_port, far_away
from support.programs.command_line import Doorward
from support.programs.processes import eventually, free_port
from support.programs.server_process import Server, running

ROUND_TRIP_SECONDS = 0.12

COMMANDS = [
    ("users create ada --email ada@example.org --role admin", PASSWORD),
    ("users list", ""),
    ("users show ada", ""),
    ("users grant ada moderator", ""),
    ("users revoke ada moderator", ""),
    ("roles list", ""),
    ("sessions list ada", ""),
    ("keys list", ""),
    ("keys rotate", ""),
    ("services list", ""),
    ("audit list", ""),
    ("migrate", ""),
]


@pytest.fixture
def far_url(mysql_url: str) -> Iterator[str]:
    """A migrated database at a distance."""
    make_tables(DatabaseUrl.parse(mysql_url))
    with far_away(mysql_url, ROUND_TRIP_SECONDS) as (_, there):
        yield there


async def test_a_distant_database_is_waited_for_in_proportion(far_url: str) -> None:
    """OP-02. A first connection has a limit of its own: it takes many round trips."""
    storage = SqlStorage.open(DatabaseUrl.parse(far_url))
    ada = a_user()
    await put(storage, ada)
    assert await grant(storage, ada, MODERATOR)
    granted = await found(storage, ada.id)
    assert granted is not None
    assert MODERATOR in granted.roles
    for connections in (storage.engines.writing, storage.engines.reading):
        assert connections.allowance_seconds >= ROUND_TRIPS_PER_BLOCK * ROUND_TRIP_SECONDS / 2
    await storage.close()


def test_a_start_waits_for_a_database_that_comes_up_later_and_names_it_without_its_password(
    mysql_url: str, tmp_path: Path
) -> None:
    port = free_port()
    doorward = Doorward.patient(tmp_path, database_url=at_port(mysql_url, port), database_wait_seconds="120")
    output = tmp_path / "output"
    command = doorward.start_in_fork("roles", "list", output=output)
    eventually(lambda: output.exists() and "database_awaited" in output.read_text())
    with far_away(mysql_url, 0, port):
        assert command.wait(120) == 2
    assert "has no tables of Doorward; run `doorward migrate`" in output.read_text()
    assert f"***@127.0.0.1:{port}/" in output.read_text()
    assert str(urlsplit(mysql_url).password) not in output.read_text()


def test_a_wrong_password_and_an_unknown_database_end_a_start_at_once(mysql_url: str, tmp_path: Path) -> None:
    wrong_password = mysql_url.replace(str(urlsplit(mysql_url).password), "wrong")
    unknown = mysql_url.replace(urlsplit(mysql_url).path, f"{urlsplit(mysql_url).path}_x")
    for url in (wrong_password, unknown):
        ended = Doorward.patient(tmp_path, database_url=url, database_wait_seconds="120")("serve", "--port", "0")
        assert ended.returncode == 2, ended
        assert "database_awaited" not in ended.stdout + ended.stderr


@pytest.mark.full
def test_every_command_works_at_a_distance(far_url: str, tmp_path: Path) -> None:
    doorward = Doorward.patient(tmp_path, database_url=far_url)
    for line, stdin in COMMANDS:
        ended = doorward(*line.split(), stdin=stdin)
        assert ended.returncode == 0, (line, ended.stderr)


def opens_moderation(node: Server, account: Account) -> bool:
    return node.request("GET", "/api/test/mod", headers=account.bearer).is_success


@pytest.mark.full
def test_two_nodes_serve_at_a_distance(far_url: str, tmp_path: Path) -> None:
    settings = {"database_url": far_url, "secret_key": token_urlsafe(48), "issuer": "https://auth.example.com"}
    with (
        running(tmp_path / "here", "serve", **settings) as here,
        running(tmp_path / "there", "serve", **settings) as there,
    ):
        ada = here.create_user("ada")
        ada = there.refreshed(ada)
        assert here.lets_in(ada)
        assert not opens_moderation(there, ada)
        granted = here.request("PUT", f"/api/admin/users/{ada.id}/roles/moderator", headers=here.admin.bearer)
        assert granted.is_success
        eventually(lambda: opens_moderation(there, ada))
        assert here.request("GET", "/api/account", headers=ada.bearer).status_code == 200
        assert here.request("GET", "/api/admin/users", headers=here.admin.bearer).status_code == 200
        assert here.request("POST", "/api/auth/signout", headers=ada.bearer).is_success
        eventually(lambda: not there.lets_in(ada))
        for node in (here, there):
            assert not [line for line in node.logged(event="service_unavailable") if line["reason"] != "not_ready"]
            assert not node.logged(event="change_feed_unreadable")
