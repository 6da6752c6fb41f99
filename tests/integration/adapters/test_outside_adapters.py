"""A package from outside goes through the whole program, and nothing of its URL that is secret is ever written."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from doorward.testing.builders import PASSWORD
from support.outside.packages import install_toy
from support.programs.command_line import Doorward
from support.programs.processes import free_port
from support.programs.server_process import Server, serving

PASSWORD_OF_URL, TOKEN_OF_URL = "hunter2hunter2", "t0ken-of-the-t0y"


@pytest.fixture
def toy(tmp_path: Path) -> Doorward:
    """An installation with the package of `toy://`, which keeps the accounts and sends the letters."""
    install_toy(tmp_path / "packages")
    url = f"toy://ada:{PASSWORD_OF_URL}@shelf{tmp_path / 'toys'}?token={TOKEN_OF_URL}"
    mail = f"toy://{TOKEN_OF_URL}@post{tmp_path / 'letter'}"
    given = {"database_url": url, "smtp_url": mail, "mail_from": "Toys <toys@example.org>", "hasher": "toy"}
    return Doorward.patient(tmp_path, port=str(free_port()), **given).beside(tmp_path / "packages")


def shown(done: CompletedProcess[str]) -> str:
    """All output of a command, in which nothing is secret."""
    output = done.stdout + done.stderr
    assert PASSWORD_OF_URL not in output
    assert TOKEN_OF_URL not in output
    return output


def test_a_storage_from_outside_goes_through_every_command_and_serves(toy: Doorward) -> None:
    """LG-03."""
    before = toy("users", "list")
    assert (before.returncode, "run `doorward migrate`" in shown(before)) == (2, True)
    assert not toy.data_dir.exists()
    assert shown(toy("migrate")) == "The schema is at 1.\n"
    assert shown(toy("migrate")) == "The schema is at 1 already.\n"
    masked = f"toy://ada:***@shelf{toy.folder / 'toys'}"
    assert json.loads(shown(toy("settings", "--json")))["DOORWARD_DATABASE_URL"] == masked
    assert toy("users", "create", "ada", "--email", "a@example.org", "--role", "admin", stdin=PASSWORD).returncode == 0
    assert "ada" in shown(toy("users", "list"))
    server = Server(int(toy.environment["DOORWARD_PORT"]), toy)
    with serving(server, "serve"):
        answer = server.request("POST", "/api/auth/signin", json={"username": "ada", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        server.hide(answer)
    assert f"database: {masked}" in server.output
    assert PASSWORD_OF_URL not in server.output
    assert TOKEN_OF_URL not in server.output


def test_the_doctor_asks_the_adapters_from_outside(toy: Doorward) -> None:
    shown(toy("migrate"))
    findings = json.loads(shown(toy("doctor", "--json")))["findings"]
    texts = {each["check"]: each["text"] for each in findings}
    assert texts["database"] == f"toy://ada:***@shelf{toy.folder / 'toys'} answers"
    assert texts["database file"] == f"{toy.folder / 'toys'} has mode 0600"
    assert texts["letters"] == "letters from Toys <toys@example.org> go to toy://***@post"
    assert texts["hasher"] == "toy does not hash"


def test_a_mailer_from_outside_gets_the_letters(toy: Doorward) -> None:
    shown(toy("migrate"))
    assert (
        shown(toy("letters", "send-test", "bob@example.org"))
        == "A letter for bob@example.org went to toy://***@post.\n"
    )
    assert (toy.folder / "letter").read_text("utf-8").startswith("Toys <toys@example.org> to bob@example.org: ")


@pytest.mark.parametrize("command", ["serve", "users list"])
def test_an_adapter_that_leaks_an_error_of_its_own_does_not_leak_the_url(toy: Doorward, command: str) -> None:
    """LG-03."""
    url = toy.environment["DOORWARD_DATABASE_URL"].replace("@shelf", "@broken")
    done = toy.having(DOORWARD_DATABASE_URL=url)(*command.split())
    assert done.returncode != 0
    assert "no route to" in shown(done)


@pytest.mark.parametrize("command", ["serve --migrate", "doctor", "users list"])
def test_an_unknown_scheme_is_refused_before_anything_is_written(tmp_path: Path, command: str) -> None:
    program = Doorward.patient(tmp_path, database_url=f"toy://ada:{PASSWORD_OF_URL}@shelf/toys?token={TOKEN_OF_URL}")
    done = program(*command.split())
    assert done.returncode == 2
    assert shown(done) == (
        "doorward: DOORWARD_DATABASE_URL: No storage adapter is installed for toy, only for mariadb, memory, mysql, "
        "sqlite; use sqlite:///PATH or mysql://USER:PASSWORD@HOST:PORT/NAME, or install a package that has the entry "
        "point toy in the group doorward.storage.\n"
    )
    assert list(tmp_path.iterdir()) == []
