"""`doorward sessions`: what is printed, what is refused, and the exit codes."""

import json
import os
import pty
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from support.http.service import Account
from support.jwt.material import read_claims
from support.programs.processes import PATIENCE
from support.programs.server_process import Server, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Where people sign in: use names of your own."""
    with running(tmp_path_factory.mktemp("sessions")) as running_server:
        yield running_server


def session_id(account: Account) -> str:
    return str(read_claims(account.token)["sid"])


def listed(server: Server, name: str) -> list[dict[str, Any]]:
    done = server.run("sessions", "list", name, "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["sessions"]
    return found


def test_sessions_are_listed_with_the_members_that_the_api_gives_them(server: Server) -> None:
    ada = server.create_user("ada")
    other = server.sign_in("ada")
    found = listed(server, "ada")
    assert [session["id"] for session in found] == [session_id(other), session_id(ada)]
    with server.client(headers=ada.bearer) as client:
        by_api = client.get("/api/account/sessions").json()["sessions"]
    assert found == [{name: value for name, value in each.items() if name != "current"} for each in by_api]
    assert listed(server, ada.id) == listed(server, "ADA") == found
    table = server.run("sessions", "list", "ada").stdout.splitlines()
    assert table[0].split("  ")[0] == "ID"
    assert [line.split()[0] for line in table[1:]] == [session_id(other), session_id(ada)]


def test_what_a_client_calls_itself_is_shown_as_text_and_nothing_else(server: Server) -> None:
    """LG-02: a terminal gets no control characters from strangers."""
    server.create_user("eve")
    with server.client(headers=[("User-Agent", b"kettle\x9b31m")]) as client:
        answer = client.post("/api/auth/signin", json={"username": "eve", "password": "violet harbour kettle"})
    server.hide(answer)
    assert listed(server, "eve")[0]["userAgent"] == "kettle31m"


def test_one_session_is_ended_or_all(server: Server) -> None:
    first = server.create_user("bob")
    others = [server.sign_in("bob") for _ in range(2)]
    done = server.run("sessions", "end", "bob", session_id(first))
    assert (done.returncode, done.stdout) == (0, "Ended 1 session of bob.\n")
    assert [session["id"] for session in listed(server, "bob")] == [session_id(other) for other in reversed(others)]
    done = server.run("sessions", "end", "BOB", "--yes")
    assert (done.returncode, done.stdout) == (0, "Ended 2 sessions of bob.\n")
    assert listed(server, "bob") == []
    (line,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert (line["event"], line["by"], line["ended"]) == ("sessions_ended", "operator", 2)


def test_what_is_not_there_is_refused_with_exit_code_1(server: Server) -> None:
    carol, dave = server.create_user("carol"), server.create_user("dave")
    for ended in (session_id(dave), str(uuid4())):
        done = server.run("sessions", "end", "carol", ended)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", "doorward: There is no such session.\n")
    for command in ("list", "end"):
        done = server.run("sessions", command, "nobody")
        assert (done.returncode, done.stderr) == (1, "doorward: There is no such account.\n")
    assert server.run("sessions", "end", "carol", "no-id").returncode == 2
    assert server.lets_in(server.refreshed(carol))
    assert server.lets_in(server.refreshed(dave))


@pytest.mark.parametrize(("typed", "code", "left"), [("n", 1, 1), ("y", 0, 0)])
def test_on_a_terminal_all_are_ended_after_a_yes_alone(server: Server, typed: str, code: int, left: int) -> None:
    name = f"frank-{typed}"
    server.create_user(name)
    screen, keyboard = pty.openpty()
    process = server.doorward.start("sessions", "end", name, stdin=keyboard)
    os.write(screen, f"{typed}\n".encode())
    output, errors = process.communicate(timeout=PATIENCE)
    assert f"End every session of {name}?" in errors
    assert process.returncode == code, output
    assert len(listed(server, name)) == left
    os.close(screen)
    os.close(keyboard)
