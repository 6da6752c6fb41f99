"""The database account that serves may read and write rows, and nothing else."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.diagnosis import diagnose_database
from doorward.infrastructure.sql.naming import VERSION_TABLE
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import PASSWORD
from doorward.testing.doubles import NOON
from support.http.service import somebody
from support.mysql.server import MySQLServer
from support.programs.command_line import Doorward
from support.programs.processes import free_port
from support.programs.server_process import running

RIGHTS = "SELECT, INSERT, UPDATE, DELETE"
GUIDE = (Path(__file__).parents[2] / "docs" / "deployment.md").read_text("utf-8")


@pytest.fixture
def serving_url(own_mysql_server: MySQLServer, mysql_url: str) -> str:
    """For an account that holds RIGHTS on the database of `mysql_url`."""
    return url_with(own_mysql_server, mysql_url, f"{RIGHTS} ON *")


def url_with(server: MySQLServer, mysql_url: str, *rights: str) -> str:
    """The URL of the same database for a new account with these rights, such as `SELECT ON users`."""
    name = urlsplit(mysql_url).path.removeprefix("/")
    account = replace(server.owner, user=f"serving{uuid4().hex[:8]}")
    server.sql(
        f"CREATE USER '{account.user}'@'%' IDENTIFIED BY '{account.password}'",
        *(f"GRANT {right.replace(' ON ', f' ON `{name}`.')} TO '{account.user}'@'%'" for right in rights),
    )
    return account.url(name)


def test_the_account_that_serves_needs_no_more_than_rows(tmp_path: Path, mysql_url: str, serving_url: str) -> None:
    """ST-07: `migrate` has another one."""
    assert f"needs only `{RIGHTS}`" in " ".join(GUIDE.split())
    migrator = Doorward.in_folder(tmp_path / "server", database_url=mysql_url)
    migrator.folder.mkdir()
    assert migrator("migrate").returncode == 0
    with running(tmp_path / "server", "serve", database_url=serving_url, deleted_accounts_days="0") as server:
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


def test_the_account_that_serves_backs_up_and_restores_into_tables_that_exist(
    tmp_path: Path, mysql_url: str, serving_url: str
) -> None:
    """ST-07, F-40."""
    assert Doorward.in_folder(tmp_path, database_url=mysql_url)("migrate").returncode == 0
    serving, file = Doorward.patient(tmp_path, database_url=serving_url), tmp_path / "doorward.backup"
    made = serving("users", "create", "ada", "--email", "ada@example.org", stdin=PASSWORD)
    assert made.returncode == 0, made.stderr
    for command in (("backup",), ("restore", "--replace")):
        done = serving(*command, str(file))
        assert done.returncode == 0, done.stderr
    assert "ada@example.org" in serving("users", "list").stdout


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


@pytest.mark.parametrize(
    ("rights", "missing"),
    [
        (["SELECT ON *", "INSERT, UPDATE, DELETE ON users"], ["INSERT on ", "UPDATE on ", "DELETE on ", "sessions"]),
        (["SELECT, UPDATE, DELETE ON *"], ["INSERT on ", "users", "sessions", "1142 INSERT command denied to user"]),
        ([f"{RIGHTS} ON {name}" for name in ("users", "roles", VERSION_TABLE)], ["SELECT on ", "leases"]),
        ([f"{RIGHTS} ON *"], []),
    ],
)
def test_doctor_names_the_privileges_that_are_missing(
    tmp_path: Path, own_mysql_server: MySQLServer, mysql_url: str, rights: list[str], missing: list[str]
) -> None:
    """ST-07."""
    doorward = Doorward.in_folder(tmp_path, database_url=mysql_url)
    assert doorward("migrate").returncode == 0
    found = findings(doorward, DOORWARD_DATABASE_URL=url_with(own_mysql_server, mysql_url, *rights))
    assert found["privileges"]["state"] == ("wrong" if missing else "ok"), found
    assert all(part in found["privileges"]["text"] for part in missing), found["privileges"]
    assert not missing or "grant SELECT, INSERT, UPDATE and DELETE" in found["privileges"]["fix"]


def test_doctor_keeps_a_sentence_of_the_server_whole(
    tmp_path: Path, own_mysql_server: MySQLServer, mysql_url: str
) -> None:
    doorward = Doorward.in_folder(tmp_path, database_url=mysql_url)
    assert doorward("migrate").returncode == 0
    url = url_with(own_mysql_server, mysql_url, "INSERT ON users")
    database = findings(doorward, DOORWARD_DATABASE_URL=url)["database"]
    assert re.search(r"\(1142 SELECT command denied to user '.+' for table .+\)$", database["text"])
    assert database["fix"].startswith("migrating takes CREATE")


def test_a_command_that_the_database_refuses_says_the_cause(
    tmp_path: Path, own_mysql_server: MySQLServer, mysql_url: str
) -> None:
    """OP-09."""
    doorward = Doorward.in_folder(tmp_path, database_url=mysql_url)
    assert doorward("migrate").returncode == 0
    reader = doorward.having(DOORWARD_DATABASE_URL=url_with(own_mysql_server, mysql_url, "SELECT ON *"))
    refused = reader("users", "create", "ada", "--email", "ada@example.org", stdin=PASSWORD)
    assert refused.returncode == 1
    assert "(OperationalError 1142 in users.ADD)" in refused.stderr
    refused = reader("serve", DOORWARD_PORT=str(free_port()))
    assert refused.returncode == 2
    assert "OperationalError 1142 in " in refused.stderr


def test_a_semicolon_of_the_server_divides_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = "1227 Access denied; you need (at least one of) the SUPER privilege(s) for this operation"

    async def refuse(_: DatabaseUrl) -> None:
        raise StartRefused(f"The account of x may not do this ({sentence}); migrating takes CREATE.")

    monkeypatch.setattr("doorward.infrastructure.sql.diagnosis.check_schema", refuse)
    url = DatabaseUrl.parse(f"sqlite:///{tmp_path / 'doorward.db'}")
    (finding,) = asyncio.run(diagnose_database(url, lambda: NOON))
    assert (finding.text, finding.fix) == (
        f"The account of x may not do this ({sentence})",
        "migrating takes CREATE.",
    )


def findings(doorward: Doorward, **environment: str) -> dict[str, dict[str, Any]]:
    """What `doctor` finds, by what it is about."""
    printed = doorward("doctor", "--json", **environment).stdout
    return {finding["check"]: finding for finding in json.loads(printed)["findings"]}
