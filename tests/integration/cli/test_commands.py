"""The real program, command by command: what it prints, what it refuses, and its exit codes."""

import contextlib
import json
import os
import pty
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import click
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from builders import PASSWORD
from command_line import Doorward
from interfaces.cli.commands import cli
from server_process import PATIENCE, free_port

OTHER_PASSWORD = "seven quiet lanterns drift"


def create(doorward: Doorward, name: str, *more: str) -> dict[str, Any]:
    done = doorward("users", "create", name, "--email", f"{name}@example.org", "--json", *more, stdin=PASSWORD)
    assert (done.returncode, PASSWORD in done.stdout + done.stderr) == (0, False), done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def shown(doorward: Doorward, name: str) -> dict[str, Any]:
    done = doorward("users", "show", name, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


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
    code = "import sys, interfaces.cli.commands; print(*{name.partition('.')[0] for name in sys.modules})"
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
    """F-42."""
    done = doorward(*command.split(), DOORWARD_PROT="8080")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "doorward: DOORWARD_PROT is no setting; did you mean DOORWARD_PORT.\n"


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
        ({"DOORWARD_DATA_DIR": "/dev/null/data"}, "DOORWARD_DATA_DIR"),
    ],
)
def test_serve_refuses_bad_settings_in_one_line(doorward: Doorward, environment: dict[str, str], told: str) -> None:
    """F-42, ST-04, OP-05, CO-02."""
    done = doorward("serve", "--migrate", **{"DOORWARD_PORT": str(free_port()), **environment})
    assert done.returncode == 2
    assert re.fullmatch(rf"doorward: .*{told}.*\n", done.stderr)
    for secret in ("short-s3cret", "changemechangeme", "hunter2"):
        assert secret not in done.stdout + done.stderr


def test_settings_come_from_the_env_file_in_the_present_folder(doorward: Doorward) -> None:
    (doorward.folder / ".env").write_text("DOORWARD_PORT=9123\n")
    shown_settings = json.loads(doorward("settings", "--json").stdout)
    assert shown_settings["DOORWARD_PORT"] == 9123
    assert "DOORWARD_PORT                  9123" in doorward("settings").stdout


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
    """F-16."""
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


def test_there_are_no_accounts_to_begin_with(doorward: Doorward) -> None:
    """SU-19."""
    assert doorward("migrate").returncode == 0
    assert json.loads(doorward("users", "list", "--json").stdout) == {"users": [], "after": None}


def test_an_account_is_made_with_a_password_from_standard_input(migrated: Doorward) -> None:
    """SU-19."""
    made = create(migrated, "ada", "--role", "admin", "--role", "moderator")
    assert made["username"] == "ada"
    assert made["email"] == "ada@example.org"
    assert made["roles"] == ["admin", "moderator", "user"]
    assert made["disabled"] is False
    assert set(made) == {"id", "username", "email", "roles", "disabled", "createdAt"}


def test_an_account_is_found_by_id_username_and_email(migrated: Doorward) -> None:
    made = create(migrated, "bob")
    assert shown(migrated, made["id"]) == shown(migrated, "BOB") == shown(migrated, "bob@EXAMPLE.org") == made
    assert "bob@example.org" in migrated("users", "show", "bob").stdout


def test_accounts_are_listed_page_by_page(migrated: Doorward) -> None:
    for name in ("list-a", "list-b", "list-c"):
        create(migrated, name)
    first = json.loads(migrated("users", "list", "--query", "list-", "--limit", "2", "--json").stdout)
    assert [user["username"] for user in first["users"]] == ["list-a", "list-b"]
    rest = migrated("users", "list", "--query", "list-", "--after", first["after"], "--json")
    assert [user["username"] for user in json.loads(rest.stdout)["users"]] == ["list-c"]
    table = migrated("users", "list", "--query", "list-").stdout.splitlines()
    assert table[0].split() == ["USERNAME", "EMAIL", "ROLES", "STATE", "ID"]
    assert len(table) == 4


def test_a_taken_name_is_refused_with_exit_code_1(migrated: Doorward) -> None:
    create(migrated, "carol")
    done = migrated("users", "create", "CAROL", "--email", "c@example.org", stdin=PASSWORD)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "doorward: Username is already in use!\n"


@pytest.mark.parametrize(
    ("arguments", "stdin", "told"),
    [
        (["users", "create", "x", "--email", "x@example.org"], PASSWORD, "3 to 32 letters"),
        (["users", "create", "xerxes", "--email", "x@example.org"], "too short", "15 characters"),
        (["users", "create", "xerxes", "--email", "x@example.org", "--role", "nobody"], PASSWORD, "no role nobody"),
        (["users", "show", "nobody"], "", "no such account"),
        (["users", "delete", "nobody"], "", "no such account"),
        (["users", "set-password", "nobody"], PASSWORD, "no such account"),
        (["roles", "add", "Not A Role"], "", "Role names"),
        (["roles", "remove", "admin"], "", "built in"),
        (["keys", "add", "-"], "no key at all", ""),
    ],
)
def test_a_refusal_is_one_line_and_exit_code_1(migrated: Doorward, arguments: list[str], stdin: str, told: str) -> None:
    done = migrated(*arguments, stdin=stdin)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(rf"doorward: .*{told}.*\n", done.stderr)


@pytest.mark.parametrize("stdin", [b"", b"\n", b"\xff\xfe not text\n"])
def test_without_a_password_on_standard_input_no_account_is_made(migrated: Doorward, stdin: bytes) -> None:
    done = migrated("users", "create", "nobody-yet", "--email", "n@example.org", stdin=stdin)
    assert done.returncode == 2
    assert migrated("users", "show", "nobody-yet").returncode == 1


def test_on_a_terminal_the_password_is_asked_for_twice_and_not_shown(migrated: Doorward) -> None:
    screen, keyboard = pty.openpty()
    process = migrated.start("users", "create", "judy", "--email", "judy@example.org", stdin=keyboard)
    assert process.stderr is not None
    told = ""
    for prompt in ("Password: ", "Repeat for confirmation: "):
        while not told.endswith(prompt):
            letter = process.stderr.read(1)
            assert letter, told
            told += letter
        os.write(screen, f"{PASSWORD}\n".encode())
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output.startswith("Created judy ")) == (0, True), errors
    os.set_blocking(screen, False)
    with contextlib.suppress(BlockingIOError):
        assert PASSWORD.encode() not in os.read(screen, 4096)
    assert PASSWORD not in told + output + errors
    os.close(screen)
    os.close(keyboard)


def test_a_password_is_never_an_argument(migrated: Doorward) -> None:
    for command in (["create", "dave", "--email", "d@example.org"], ["set-password", "dave"]):
        done = migrated("users", *command, "--password", OTHER_PASSWORD)
        assert done.returncode == 2
        assert "No such option" in done.stderr
        assert migrated("users", *command, OTHER_PASSWORD).returncode == 2


def test_an_account_is_disabled_enabled_and_deleted(migrated: Doorward) -> None:
    create(migrated, "erin")
    assert migrated("users", "disable", "erin").stdout == "Disabled erin.\n"
    assert "disabled" in migrated("users", "list", "--query", "erin").stdout
    assert migrated("users", "enable", "erin").stdout == "Enabled erin.\n"
    assert migrated("users", "delete", "erin").stdout == "Deleted erin.\n"
    assert migrated("users", "show", "erin").returncode == 1


def test_roles_are_granted_and_revoked(migrated: Doorward) -> None:
    create(migrated, "frank")
    assert migrated("users", "grant", "frank", "moderator").returncode == 0
    assert migrated("users", "grant", "frank", "moderator").returncode == 0
    assert shown(migrated, "frank")["roles"] == ["moderator", "user"]
    assert migrated("users", "revoke", "frank@example.org", "moderator").returncode == 0
    assert shown(migrated, "frank")["roles"] == ["user"]
    unknown = migrated("users", "grant", "frank", "wizard")
    assert (unknown.returncode, unknown.stderr) == (1, "doorward: There is no such role.\n")


def test_the_last_admin_stays(doorward: Doorward) -> None:
    assert doorward("migrate").returncode == 0
    create(doorward, "grace", "--role", "admin")
    for command in (["revoke", "grace", "admin"], ["disable", "grace"], ["delete", "grace"]):
        done = doorward("users", *command)
        assert done.returncode == 1
        assert "last enabled admin" in done.stderr
    assert shown(doorward, "grace")["roles"] == ["admin", "user"]


def test_a_password_is_set(migrated: Doorward) -> None:
    create(migrated, "heidi")
    done = migrated("users", "set-password", "heidi", stdin=f"{OTHER_PASSWORD}\nanother line\n")
    assert (done.returncode, done.stdout) == (0, "heidi has a new password.\n")
    assert OTHER_PASSWORD not in done.stderr


def test_roles_are_added_described_and_removed(migrated: Doorward) -> None:
    assert migrated("roles", "add", "editor").stdout == "Added the role editor.\n"
    assert migrated("roles", "add", "editor", "--description", "Edits.").stdout == "Described the role editor.\n"
    found = {role["name"]: role for role in json.loads(migrated("roles", "list", "--json").stdout)["roles"]}
    assert found["editor"]["description"] == "Edits."
    assert found["editor"]["builtIn"] is False
    assert found["admin"]["builtIn"] is True
    assert "editor" in migrated("roles", "list").stdout
    assert migrated("roles", "remove", "editor").stdout == "Removed the role editor.\n"
    assert "editor" not in migrated("roles", "list").stdout


def test_a_description_is_one_line(migrated: Doorward) -> None:
    assert migrated("roles", "add", "editor", "--description", "two\nlines").returncode == 2


def test_an_operator_brings_keys_by_file_and_by_standard_input(migrated: Doorward) -> None:
    pems = [
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        for key in (ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate())
    ]
    file = migrated.folder / "key.pem"
    file.write_bytes(pems[0])
    first = json.loads(migrated("keys", "add", str(file), "--json").stdout)
    second = json.loads(migrated("keys", "add", "-", "--json", stdin=pems[1]).stdout)
    assert [first["algorithm"], second["algorithm"]] == ["ES256", "EdDSA"]
    listed = migrated("keys", "list", "--json").stdout
    assert [key["kid"] for key in json.loads(listed)["keys"]] == [first["kid"], second["kid"]]
    assert set(json.loads(listed)["keys"][0]) == {"kid", "algorithm", "createdAt", "signsFrom", "signing"}
    assert first["kid"] in migrated("keys", "list").stdout
    again = migrated("keys", "add", str(file))
    assert (again.returncode, again.stderr) == (1, "doorward: This key is already here.\n")


def test_what_the_operator_does_is_logged_on_standard_error(migrated: Doorward) -> None:
    """LG-01, LG-03."""
    done = migrated("users", "create", "ivan", "--email", "ivan@example.org", stdin=PASSWORD)
    (line,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert (line["event"], line["by"]) == ("user_created", "operator")
    assert PASSWORD not in done.stderr
