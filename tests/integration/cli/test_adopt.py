"""`doorward adopt`: what it prints, with which exit code, and that a map and a second run work."""

import json
import re
from pathlib import Path

import pytest

from doorward.infrastructure.adoption.sources import FILES
from doorward.infrastructure.adoption.sources import SYSTEMS as KNOWN_SYSTEMS
from doorward.interfaces.cli.adopt import READ_FROM_FILES, SYSTEMS
from support.programs.command_line import Doorward
from support.sql_by_hand import Sql, sql_on

HASH = "$2a$08$mjM8RXrXTWDoAFrtwmp7nehXn.Z7X0yfmWtkyxb6J3fvbz2At5Uvy"
TABLES = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, email TEXT, password TEXT)",
    "CREATE TABLE roles (id INTEGER PRIMARY KEY, name TEXT)",
    "CREATE TABLE user_roles (userId INTEGER, roleId INTEGER)",
    "INSERT INTO roles VALUES (1, 'user'), (3, 'admin'), (4, 'editor')",
)


@pytest.fixture
def sql(tmp_path: Path) -> Sql:
    """Runs statements on a database with the tutorial's tables, which are empty."""
    run = sql_on(f"sqlite:///{tmp_path / 'tutorial.db'}")
    run(*TABLES)
    return run


@pytest.fixture
def where(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'tutorial.db'}"


@pytest.fixture
def ready(doorward: Doorward) -> Doorward:
    assert doorward("migrate").returncode == 0
    return doorward


def add(sql: Sql, number: int, username: str, email: str | None, *roles: int) -> None:
    address = "NULL" if email is None else f"'{email}'"
    sql(
        f"INSERT INTO users VALUES ({number}, '{username}', {address}, '{HASH}')",
        *(f"INSERT INTO user_roles VALUES ({number}, {role})" for role in roles),
    )


def test_a_dry_run_shows_everything_and_the_run_does_it(ready: Doorward, sql: Sql, where: str, tmp_path: Path) -> None:
    add(sql, 1, "ada", "ada@example.org", 1, 3, 4)
    add(sql, 2, "J\u00f6rg M\u00fcller", None, 1)
    add(sql, 3, "ADA", "other@example.org", 1)
    dry = ready("adopt", "tutorial", where, "--dry-run")
    assert (dry.returncode, dry.stdout.splitlines()) == (
        1,
        [
            "new role: editor",
            "renamed: J\u00f6rg M\u00fcller (2) is jorg-muller, and still signs in as before",
            "without address: J\u00f6rg M\u00fcller: It has none.",
            "admin: ada",
            "cannot come: ADA (3): Its name is that of ada (1).",
            '    for the map: {"id": "3", "username": "ada-2"}',
            "Of 3: 2 accounts would come, 0 came before, 1 cannot come.",
        ],
    )
    assert json.loads(ready("users", "list", "--json").stdout)["users"] == []
    first = ready("adopt", "tutorial", where)
    assert (first.returncode, first.stdout.splitlines()[-1]) == (
        1,
        "Of 3: 2 accounts came, 0 came before, 1 cannot come.",
    )
    proposal = re.findall(r"for the map: (.*)", dry.stdout)
    (tmp_path / "map.jsonl").write_text("\n".join([*proposal, ""]))
    second = ready("adopt", "tutorial", "-", "--map", str(tmp_path / "map.jsonl"), "--json", stdin=f"{where}\n")
    report = json.loads(second.stdout)
    assert (second.returncode, report["cameBefore"], report["adopted"], report["refused"]) == (0, 2, 1, [])
    assert report["renamed"] == [{"id": "3", "before": "ADA", "username": "ada-2", "signsInAsBefore": False}]
    shown = json.loads(ready("users", "show", "J\u00d6RG m\u00fcller", "--json").stdout)
    assert (shown["username"], shown["email"], shown["alias"], shown["externalId"]) == (
        "jorg-muller",
        None,
        "J\u00f6rg M\u00fcller",
        "2",
    )
    assert "email: -" in ready("users", "show", "jorg-muller").stdout
    assert HASH not in dry.stdout + first.stdout + second.stdout + first.stderr


def test_a_second_source_of_a_system_needs_a_name(ready: Doorward, sql: Sql, where: str) -> None:
    add(sql, 1, "ada", None)
    assert ready("adopt", "tutorial", where).returncode == 0
    sql("UPDATE users SET username = 'eve'")
    assert ready("adopt", "tutorial", where).stdout == "Of 1: 0 accounts came, 1 came before, 0 cannot come.\n"
    named = ready("adopt", "tutorial", where, "--name", "shop")
    assert named.stdout.splitlines()[-1] == "Of 1: 1 account came, 0 came before, 0 cannot come."
    wrong = ready("adopt", "tutorial", where, "--name", "The Shop")
    assert (wrong.returncode, "--name takes" in wrong.stderr) == (2, True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ada-2", "line 1 of the map: The line is not valid JSON"),
        ('{"username": "ada-2"}', "line 1 of the map: Object missing required field `id`"),
        ('{"id": 3}', "line 1 of the map: id: Expected `str`, got `int`"),
        ('{"id": "3", "name": "ada-2"}', "line 1 of the map: Object contains unknown field `name`"),
        ('{"id": "3"}\n{"id": "3"}', "line 2 of the map: the id 3 was in a line before"),
        ('{"id": "4", "leave": true}', "The map names ids that the source does not have: 4. Nothing was changed."),
    ],
)
def test_a_map_that_is_wrong_is_refused_by_its_line(
    ready: Doorward, sql: Sql, where: str, tmp_path: Path, line: str, said: str
) -> None:
    add(sql, 3, "ada", None)
    (tmp_path / "map.jsonl").write_text(line)
    done = ready("adopt", "tutorial", where, "--map", str(tmp_path / "map.jsonl"))
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert json.loads(ready("users", "list", "--json").stdout)["users"] == []


def test_what_cannot_be_read_is_wrong_usage(ready: Doorward) -> None:
    for arguments, said in (
        (("nothing",), "Invalid value for 'SYSTEM'"),
        (("tutorial", "sqlite:///nowhere.db"), "There is no file nowhere.db."),
        (("tutorial",), "has no column password"),
        (("keycloak",), "name the file to read: doorward adopt keycloak FILE"),
    ):
        done = ready("adopt", *arguments)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_the_systems_on_the_command_line_are_those_that_there_are() -> None:
    assert SYSTEMS == KNOWN_SYSTEMS
    assert {*FILES} == READ_FROM_FILES
