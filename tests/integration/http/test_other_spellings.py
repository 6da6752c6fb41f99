"""Spellings of guarded paths and methods that no client library sends, and what the command line does to services: on a
real server."""

from contextlib import closing
from http.client import HTTPConnection

import pytest

from support.http.service import INTROSPECT, Unique, outcome
from support.programs.processes import PATIENCE
from support.programs.server_process import Server


@pytest.mark.parametrize(
    "target",
    [
        "//api/test/admin",
        "/api//test/admin",
        "/api/test/admin/",
        "/api%2ftest%2fadmin",
        "/api/test/%61dmin",
        "/./api/test/admin",
        "/api/test/all/../admin",
        "/API/test/admin",
        "/api/test/admin;x=1",
        "/api/test/admin%00",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "get", "OPTIONS"])
def test_no_other_spelling_gets_past_the_guard(server: Server, method: str, target: str) -> None:
    """AZ-02."""
    status, content = exactly(server, method, target)
    assert status in {400, 401, 404, 405, 501}
    assert b"Content." not in content


def exactly(server: Server, method: str, target: str) -> tuple[int, bytes]:
    """Status and content for a target that no client library has tidied up."""
    with closing(HTTPConnection(server.host, server.port, timeout=PATIENCE)) as connection:
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.mark.parametrize("method", ["HEAD", "get", "GET", "OPTIONS", "Get"])
def test_no_other_method_gets_past_the_guard(server: Server, method: str) -> None:
    """AZ-02: what is not a guarded GET tells methods at most."""
    with server.client() as client:
        answer = client.request(method, "/api/test/admin")
    assert answer.status_code in ({204} if method == "OPTIONS" else {400, 401, 405, 501})
    assert "Content." not in answer.text


def test_an_absolute_target_is_guarded_too(server: Server) -> None:
    """AZ-02."""
    status, content = exactly(server, "GET", f"{server.url}/api/test/admin")
    assert status in {400, 401, 404}
    assert b"Content." not in content


def test_a_service_that_was_removed_on_the_command_line_is_refused_at_once(server: Server, unique: Unique) -> None:
    name = unique("gone")
    with server.client(auth=server.add_service(name)) as service:
        assert service.post(INTROSPECT, data={"token": "x"}).json() == {"active": False}
        assert server.run("services", "remove", name).returncode == 0
        assert outcome(service.post(INTROSPECT, data={"token": "x"})) == (401, "invalid_client")
