"""The database account that serves may read and write rows, and nothing else."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from support.builders import PASSWORD
from support.http.service import somebody
from support.mysql.server import MySQLServer
from support.programs.command_line import Doorward
from support.programs.server_process import running

RIGHTS = "SELECT, INSERT, UPDATE, DELETE"
GUIDE = (Path(__file__).parents[2] / "docs" / "deployment.md").read_text("utf-8")


@pytest.fixture
def serving_url(own_mysql_server: MySQLServer, mysql_url: str) -> str:
    """For an account that holds RIGHTS on the database of `mysql_url`."""
    name = urlsplit(mysql_url).path.removeprefix("/")
    account = replace(own_mysql_server.owner, user=f"serving{uuid4().hex[:8]}")
    own_mysql_server.sql(
        f"CREATE USER '{account.user}'@'%' IDENTIFIED BY '{account.password}'",
        f"GRANT {RIGHTS} ON `{name}`.* TO '{account.user}'@'%'",
    )
    return account.url(name)


def test_the_account_that_serves_needs_no_more_than_rows(tmp_path: Path, mysql_url: str, serving_url: str) -> None:
    """ST-07: `migrate` has another one."""
    assert f"needs only `{RIGHTS}`" in " ".join(GUIDE.split())
    migrator = Doorward.in_folder(tmp_path / "server", database_url=mysql_url)
    migrator.folder.mkdir()
    assert migrator("migrate").returncode == 0
    with running(tmp_path / "server", "serve", database_url=serving_url) as server:
        ada = server.create_user("ada", "moderator")
        with server.client(headers=server.admin.bearer) as admin:
            page = admin.get("/api/admin/users", params={"query": "ada"}).json()["users"]
            assert [user["roles"] for user in page] == [["moderator", "user"]]
            assert admin.delete(f"/api/admin/users/{ada.id}/roles/moderator").status_code == 204
            assert admin.patch(f"/api/admin/users/{ada.id}", json={"username": "countess"}).status_code == 200
            assert admin.put("/api/admin/roles/editor", json={"description": "Edits."}).status_code == 201
            assert admin.delete("/api/admin/roles/editor").status_code == 204
            assert admin.delete(f"/api/admin/users/{ada.id}").status_code == 204
            assert admin.post("/api/auth/signup", json=somebody("ada")).status_code == 201
        assert server.run("users", "set-password", "ada", stdin=PASSWORD).returncode == 0
        assert server.run("doctor").returncode == 0


def test_an_account_that_serves_cannot_migrate(tmp_path: Path, serving_url: str) -> None:
    """ST-07: so that the test above shows something."""
    refused = Doorward.in_folder(tmp_path, database_url=serving_url)("migrate")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1


def test_a_wrong_password_of_the_database_is_called_so(tmp_path: Path, mysql_url: str) -> None:
    refused = Doorward.in_folder(tmp_path, database_url=mysql_url.replace("p%40ss", "another"))("migrate")
    assert refused.returncode == 2
    assert "check the user and the password" in refused.stderr
    assert "is up" not in refused.stderr
