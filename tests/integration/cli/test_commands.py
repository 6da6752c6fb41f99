"""The real program, command by command: what it prints, what it refuses, and its exit codes."""

import json
import re
import stat
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from doorward.interfaces.cli.commands import cli
from doorward.testing.builders import PASSWORD
from support.programs.command_line import Doorward
from support.programs.processes import free_port


def commands(group: click.Group, *path: str) -> Iterator[list[str]]:
    yield [*path]
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield [*path, name]


@pytest.mark.parametrize("path", list(commands(cli)), ids=" ".join)
def test_every_command_explains_itself(path: list[str]) -> None:
    for option in ("--help", "-h"):
        done = CliRunner().invoke(cli, [*path, option], prog_name="doorward")
        assert done.exit_code == 0
        assert done.stdout.startswith(f"Usage: {' '.join(['doorward', *path])} ")
        assert len(done.stdout.splitlines()) > 4


def test_help_loads_neither_database_nor_web_framework() -> None:
    code = "import sys, doorward.interfaces.cli.commands; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sqlalchemy", "alembic", "litestar", "dishka", "granian", "structlog", "cryptography"} & set(loaded)
    assert "click" in loaded


def test_it_tells_its_version(doorward: Doorward) -> None:
    done = doorward("--version")
    assert re.fullmatch(r"doorward \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize(
    "arguments", [["fly"], ["users", "create"], ["settings", "--yaml"], ["users", "list", "--limit", "0"]]
)
def test_wrong_usage_is_exit_code_2(doorward: Doorward, arguments: list[str]) -> None:
    done = doorward(*arguments)
    assert done.returncode == 2
    assert "Usage: doorward" in done.stderr


@pytest.mark.parametrize("command", ["serve", "settings", "users list"])
def test_an_unknown_setting_is_one_line_and_exit_code_2(doorward: Doorward, command: str) -> None:
    done = doorward(*command.split(), DOORWARD_PROT="8080")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "doorward: DOORWARD_PROT is not a setting; did you mean DOORWARD_PORT?\n"


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"DOORWARD_PORT": "eighty"}, "DOORWARD_PORT"),
        ({"DOORWARD_SECRET_KEY": "short-s3cret"}, "DOORWARD_SECRET_KEY"),
        ({"DOORWARD_SECRET_KEY": "changeme" * 8}, "DOORWARD_SECRET_KEY"),
        ({"DOORWARD_CORS_ORIGINS": "*"}, "DOORWARD_CORS_ORIGINS"),
        ({"DOORWARD_DATABASE_URL": "mysql://ada:hunter2@db.example.com:x/doorward"}, "DOORWARD_DATABASE_URL"),
        ({"DOORWARD_HOST": "0.0.0.0"}, "DOORWARD_SECRET_KEY"),
        ({"DOORWARD_HOST": "192.0.2.7", "DOORWARD_BEHIND_TLS_PROXY": "true"}, "DOORWARD_SECRET_KEY"),
        ({"DOORWARD_PASSWORD_BLOCKLIST": "/nowhere/at/all"}, "blocklist"),
        ({"DOORWARD_PROFILE_SCHEMA": "/nowhere/at/all"}, "PROFILE_SCHEMA"),
        ({"DOORWARD_DATA_DIR": "/dev/null/data"}, "DOORWARD_DATA_DIR"),
    ],
)
def test_serve_refuses_bad_settings_in_one_line(doorward: Doorward, environment: dict[str, str], told: str) -> None:
    """ST-04, OP-05, CO-02."""
    done = doorward("serve", "--migrate", **{"DOORWARD_PORT": str(free_port()), **environment})
    assert done.returncode == 2
    assert re.fullmatch(rf"doorward: .*{told}.*\n", done.stderr)
    for secret in ("short-s3cret", "changemechangeme", "hunter2"):
        assert secret not in done.stdout + done.stderr


def test_without_pynacl_everything_works_but_what_insists_on_it(without_pynacl: Doorward) -> None:
    assert without_pynacl("migrate").returncode == 0
    done = without_pynacl("users", "create", "ada", "--email", "ada@example.org", stdin=f"{PASSWORD}\n")
    assert done.returncode == 0, done.stderr
    for command in ("serve", "users set-password ada"):
        done = without_pynacl(
            *command.split(), stdin=f"{PASSWORD}\n", DOORWARD_HASHER="libsodium", DOORWARD_PORT=str(free_port())
        )
        assert done.returncode == 2
        assert re.fullmatch(
            r"doorward: DOORWARD_HASHER: libsodium .*; install PyNaCl, or set DOORWARD_HASHER=auto\.\n", done.stderr
        )


def test_settings_come_from_the_env_file_in_the_present_folder(doorward: Doorward) -> None:
    (doorward.folder / ".env").write_text("DOORWARD_PORT=9123\n")
    shown_settings = json.loads(doorward("settings", "--json").stdout)
    assert shown_settings["DOORWARD_PORT"] == 9123
    assert re.search(r"^DOORWARD_PORT +9123$", doorward("settings").stdout, re.MULTILINE)


def test_settings_are_shown_without_their_secrets(doorward: Doorward) -> None:
    """ST-04."""
    secret, url = "t0p-of-the-class/7Jx2QmZk9sVbN4wLr8", "mysql://ada:hunter2hunter2@db.example.com/doorward"
    for option in ([], ["--json"]):
        done = doorward("settings", *option, DOORWARD_SECRET_KEY=secret, DOORWARD_DATABASE_URL=url)
        assert done.returncode == 0
        assert "db.example.com" in done.stdout
        assert "***" in done.stdout
        assert secret not in done.stdout
        assert "hunter2" not in done.stdout


def test_nothing_works_before_the_database_is_migrated_and_it_says_so(doorward: Doorward) -> None:
    done = doorward("users", "list")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "doorward migrate" in done.stderr


def test_migrating_twice_is_migrating_once_and_the_files_are_private(doorward: Doorward) -> None:
    """ST-09."""
    first, second = doorward("migrate"), doorward("migrate")
    assert (first.returncode, second.returncode) == (0, 0)
    assert second.stdout.endswith(" already.\n")
    assert stat.S_IMODE(doorward.data_dir.stat().st_mode) == 0o700
    for file in doorward.data_dir.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


@pytest.mark.parametrize(
    ("name", "mode", "fix"),
    [
        (".", 0o777, "700"),
        (".", 0o702, "700"),
        ("doorward.db", 0o666, "600"),
        ("doorward.db", 0o604, "600"),
        ("doorward.db-wal", 0o644, "600"),
    ],
)
def test_serve_refuses_files_that_others_may_use(doorward: Doorward, name: str, mode: int, fix: str) -> None:
    """ST-09."""
    assert doorward("migrate").returncode == 0
    path = doorward.data_dir / name
    path.touch()
    path.chmod(mode)
    for options in ([], ["--migrate"]):
        done = doorward("serve", *options, DOORWARD_PORT=str(free_port()))
        assert done.returncode == 2
        assert re.fullmatch(
            rf"doorward: Other users may (access|write) .*chmod {fix} {re.escape(str(path))}\n", done.stderr
        )


def test_no_database_is_made_through_a_link(doorward: Doorward) -> None:
    """ST-09."""
    doorward.data_dir.mkdir(mode=0o700)
    (doorward.data_dir / "doorward.db").symlink_to(doorward.folder / "elsewhere.db")
    for command in (["migrate"], ["serve", "--migrate"]):
        done = doorward(*command, DOORWARD_PORT=str(free_port()))
        assert done.returncode == 2
        assert re.fullmatch(r"doorward: .*doorward\.db links to a missing file.*\n", done.stderr)
    assert not (doorward.folder / "elsewhere.db").exists()
