"""The real server made to fail inside: what it tells the client, and what it keeps for the log."""

import re

import httpx2
import pytest

from doorward.infrastructure.sql.tables import metadata, users
from doorward.testing.builders import PASSWORD
from support.http.database_shell import run_sql
from support.programs.processes import eventually
from support.programs.server_process import Serve, Server

pytestmark = pytest.mark.storage_bound

INTERNALS = re.compile(
    r"(?i)trace|error|exception|sql|select|table|user_roles|python|\.py|/src|litestar|line \d|decode"
)


def sign_in(server: Server) -> httpx2.Response:
    with server.client() as client:
        return client.post("/api/auth/signin", json={"username": "ada@example.org", "password": PASSWORD})


def assert_nothing_inside_shows(answer: httpx2.Response) -> None:
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["requestId"] == answer.headers["x-request-id"]
    assert set(body) <= {"type", "title", "status", "code", "detail", "message", "requestId", "accessToken"}
    assert not INTERNALS.search(answer.text.replace("Internal Server Error", "").replace("internal_error", ""))
    assert not INTERNALS.search(str(answer.headers).replace("application/problem+json", ""))


def test_a_row_that_nobody_can_read_is_a_500_that_tells_nothing(serve: Serve, database: str) -> None:
    """HT-13: and the log has the request's id with the whole story."""
    server = serve()
    server.create_user("ada")
    damage = {"sqlite": "created_at = 'not a time at all'", "mysql": "username_key = X'FF'"}[database]
    run_sql(server, f"UPDATE users SET {damage} WHERE email_key = 'ada@example.org'")
    answer = sign_in(server)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert_nothing_inside_shows(answer)
    line = server.line(event="unhandled_exception", request_id=answer.headers["x-request-id"])
    assert line["level"] == "error"
    assert line["exception"].startswith(("ValueError", "UnicodeDecodeError"))
    assert any(frame.startswith("doorward.infrastructure.sql.types:") for frame in line["stack"])


def test_without_what_the_migrations_put_there_it_is_alive_and_not_ready(serve: Serve) -> None:
    """OP-04."""
    server = serve()
    run_sql(server, "DELETE FROM user_roles", "DELETE FROM roles")
    with server.client() as client:
        eventually(lambda: client.get("/health/ready").status_code == 503)  # a second old at most
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.headers["content-type"]) == (503, "application/problem+json")
        assert ready.headers["retry-after"]
        assert client.get("/health/live").status_code == 200


def test_a_table_that_is_gone_is_an_answer_that_tells_nothing(serve: Serve) -> None:
    """HT-13, OP-04: and the process is alive for all that."""
    server = serve()
    server.create_user("ada")
    belong = [
        table.name for table in metadata.sorted_tables if any(key.column.table is users for key in table.foreign_keys)
    ]
    run_sql(server, *(f"DROP TABLE {name}" for name in (*belong, users.name)))
    answer = sign_in(server)
    assert answer.status_code in {500, 503}
    assert_nothing_inside_shows(answer)
    with server.client() as client:
        assert client.get("/health/live").status_code == 200
