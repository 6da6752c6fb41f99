"""`make attack`: which services it attacks, what it shows, and what makes its exit code 1."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from attack.__main__ import ATTACKS, main
from attack.accounts import unproven_addresses
from attack.row import Row, exit_code, table
from attack.sessions import replays_of_a_spent_refresh_token
from attack.wire import malformed_requests, odd_targets, unknown_hosts
from doorward.testing.builders import PASSWORD
from support.programs.server_process import Server, running

QUICK = (malformed_requests, odd_targets, unknown_hosts, unproven_addresses, replays_of_a_spent_refresh_token)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTACK_USERNAME", "keeper")
    monkeypatch.setenv("ATTACK_PASSWORD", PASSWORD)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("attacked")) as server:
        server.create_admin("keeper")
        yield server


class Yes(BaseHTTPRequestHandler):
    """Answers everything with 200 and tokens."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        names = ("id", "username", "email", "accessToken", "refreshToken")
        body = json.dumps(dict.fromkeys(names, "x")).encode()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def careless() -> Iterator[str]:
    """The address of a service that takes everything."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Yes) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_running_service_holds(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([server.url, "--short"], QUICK) == 0
    output = capsys.readouterr().out
    assert "DID NOT HOLD" not in output
    for attack in ("two hosts", "absolute form", "unknown hosts", "unproven addresses", "replays of a spent refresh"):
        assert attack in output


def test_no_account_of_an_attack_is_left(server: Server) -> None:
    main([server.url, "--short"], (unproven_addresses,))
    listed = server.request("GET", "/api/admin/users?query=ceo", headers=server.sign_in("keeper").bearer)
    assert listed.json()["users"] == []


def test_what_does_not_hold_makes_the_exit_code_1(careless: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([careless, "--short"], (unknown_hosts,)) == 1
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "unknown hosts" in line)
    assert "200" in line
    assert "DID NOT HOLD" in line


def test_an_attack_that_ends_early_did_not_show_that_anything_holds(careless: str) -> None:
    assert main([careless, "--short"], (replays_of_a_spent_refresh_token,)) == 1


def test_what_was_not_tried_is_shown_and_is_no_fault() -> None:
    row = Row.skipped("an attack", "there is no reason")
    assert "not tried" in table([row])
    assert exit_code([row]) == 0


@pytest.mark.parametrize(
    "url",
    ["http://192.0.2.1:8080", "https://127.0.0.1", "http://auth.example.com", "127.0.0.1:8080", "http://[2001:db8::1]"],
)
def test_only_services_of_this_machine_are_attacked(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([url])
    assert ended.value.code == 2
    assert "is not an address of this machine" in capsys.readouterr().err


def test_a_wrong_password_of_the_admin_is_told(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ATTACK_PASSWORD", "not the password")
    with pytest.raises(SystemExit):
        main([server.url])
    assert "answered 401 to the sign-in of keeper" in capsys.readouterr().err


@pytest.mark.full
def test_all_attacks_on_a_service_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--short"]) == 0
    output = capsys.readouterr().out
    assert "not tried" not in output


@pytest.mark.full
def test_all_attacks_on_a_service_with_two_workers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    usual = {"sign_in_free_attempts": "3", "sign_in_attempts_per_day": "50"}
    with running(tmp_path, workers="2", **usual) as server:
        server.create_admin("keeper")
        assert main([server.url, "--short"]) == 0, capsys.readouterr().out
    assert len(capsys.readouterr().out.splitlines()) > len(ATTACKS)
