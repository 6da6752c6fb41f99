"""A database that can be read and not written: sign-in and readiness answer 503, the log has the cause, and when the
fault ends, the service goes on without a restart."""

import re
import resource
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2

from doorward.testing.builders import PASSWORD
from support.http.service import Account
from support.mysql.server import MySQLServer
from support.programs.command_line import Doorward
from support.programs.processes import children, eventually
from support.programs.server_process import Server, running
from support.programs.sqlite_lock import locked_by_another


def sign_in(client: httpx2.Client) -> httpx2.Response:
    return client.post("/api/auth/signin", json={"username": "ada", "password": PASSWORD})


def assert_noticed(server: Server, fault: AbstractContextManager[None], cause: str) -> None:
    """OP-09: the fault is noticed while it lasts, and nothing is left of it afterwards. `cause` is a pattern."""
    ada = server.create_user("ada")
    with server.client() as client:
        with fault:
            answer = sign_in(client)
            assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
            eventually(lambda: client.get("/health/ready").status_code == 503)
            assert client.get("/health/live").status_code == 200
            assert reads(client, ada)
            for fields in (
                {"event": "service_unavailable", "reason": "storage_unavailable"},
                {"event": "service_unavailable", "reason": "not_ready"},
                {"event": "database_unwritable"},
            ):
                line = server.line(**fields)
                assert line["level"] == "warning"
                assert re.fullmatch(cause, line["cause"]), line
            assert not server.logged(event="unhandled_exception")
        eventually(lambda: client.get("/health/ready").status_code == 200)
        answer = sign_in(client)
        assert answer.status_code == 200
        server.hide(answer)
    server.line(event="database_writable")


def reads(client: httpx2.Client, account: Account) -> bool:
    return client.get("/api/account", headers=account.bearer).status_code == 200


def test_a_mysql_server_that_is_read_only(own_mysql_server: MySQLServer, tmp_path: Path) -> None:
    mysql, is_mariadb = own_mysql_server, "MariaDB" in own_mysql_server.product

    @contextmanager
    def read_only() -> Iterator[None]:
        mysql.sql(f"SET GLOBAL {'read_only' if is_mariadb else 'super_read_only'} = ON")
        try:
            yield
        finally:
            mysql.sql("SET GLOBAL read_only = OFF")

    with running(tmp_path, database_url=mysql.fresh_database()) as server:
        assert_noticed(server, read_only(), r"server_is_read_only|OperationalError 1290 in \w+\.\w+")


def test_a_database_account_that_lost_its_privileges(
    own_mysql_server: MySQLServer, mysql_url: str, tmp_path: Path
) -> None:
    """MySQL applies a change of privileges to new connections, so the old ones must go."""
    mysql, database = own_mysql_server, urlsplit(mysql_url).path[1:]
    account = replace(mysql.owner, user=f"serving{uuid4().hex[:8]}")
    grantee = f"`{database}`.* TO '{account.user}'@'%'"
    mysql.sql(
        f"CREATE USER '{account.user}'@'%' IDENTIFIED BY '{account.password}'",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {grantee}",
    )

    @contextmanager
    def without_privileges() -> Iterator[None]:
        mysql.sql(f"REVOKE INSERT, UPDATE ON {grantee.replace(' TO ', ' FROM ')}")
        rows = mysql.sql(f"SELECT id FROM information_schema.processlist WHERE user = '{account.user}'")
        mysql.sql(*(f"KILL {number}" for (number,) in rows))
        yield
        mysql.sql(f"GRANT INSERT, UPDATE ON {grantee}")

    migrator = Doorward.in_folder(tmp_path / "server", database_url=mysql_url)
    migrator.folder.mkdir()
    assert migrator("migrate").returncode == 0
    with running(tmp_path / "server", "serve", database_url=account.url(database)) as server:
        assert_noticed(server, without_privileges(), r"OperationalError 1142 in \w+\.\w+")


def test_an_sqlite_file_that_another_process_has_locked(tmp_path: Path) -> None:
    """F-13."""
    with running(tmp_path) as server:
        fault = locked_by_another(server.data_dir / "doorward.db")
        assert_noticed(server, fault, r"(OperationalError SQLITE_BUSY|TimeoutError) in begin")


def test_an_sqlite_file_that_cannot_grow(tmp_path: Path) -> None:
    """F-12: as on a full disk. The limit is larger than the log, which can still be written."""

    @contextmanager
    def full(server: Server) -> Iterator[None]:
        size = (server.data_dir / "doorward.db-wal").stat().st_size
        processes = (server.pid, *children(server.pid))
        limits = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in processes}
        for pid, (_, hard) in limits.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
        yield
        for pid, limit in limits.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)

    with running(tmp_path) as server:
        assert_noticed(server, full(server), r"OperationalError SQLITE_(FULL|IOERR_WRITE) in [\w.]+")
