"""Accounts and roles on the command line: what is printed, what is refused, and the exit codes."""

import contextlib
import json
import os
import pty
import re
from typing import Any

import pytest

from doorward.testing.builders import PASSWORD
from support.programs.command_line import Doorward
from support.programs.processes import PATIENCE

OTHER_PASSWORD = "seven quiet lanterns drift"
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$QWxsIHBhc3N3b3JkcyBoYXNoIHRvIHRoaXMgb25lLiE"


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
    members = {
        "id",
        "username",
        "email",
        "emailVerified",
        "roles",
        "disabled",
        "reason",
        "until",
        "createdAt",
        "locale",
        "deletedAt",
    }
    assert set(made) == members


def test_an_account_is_found_by_id_and_username(migrated: Doorward) -> None:
    made = create(migrated, "bob")
    assert shown(migrated, made["id"]) == shown(migrated, "BOB") == made
    assert "bob@example.org" in migrated("users", "show", "bob").stdout


def test_an_email_names_an_account_only_with_the_options_that_say_so(migrated: Doorward) -> None:
    """AD-07: whoever signs up with the address of somebody else gets no role by it."""
    address = "mallory@example.org"
    account = {"username": "mallory", "email": address, "passwordHash": HASH}
    assert migrated("users", "import", "-", stdin=json.dumps(account)).returncode == 0
    for options in ([], ["--email"], ["--unverified"]):
        refused = migrated("users", "grant", address, "admin", *options)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr == (
            "doorward: Name the account by its username or its id. Anybody can sign up with the email address of "
            f"somebody else. `doorward users list --query {address}` shows its username and its id. "
            "To take this address all the same, add --email --unverified.\n"
        )
    assert shown(migrated, "mallory")["roles"] == ["user"]
    granted = migrated("users", "grant", address.upper(), "moderator", "--email", "--unverified")
    assert (granted.returncode, granted.stdout) == (0, "mallory has the role moderator.\n"), granted.stderr
    assert migrated("sessions", "end", address).returncode == 1
    assert migrated("sessions", "end", address, "--email", "--unverified").stdout == "Ended 0 sessions of mallory.\n"
    assert migrated("users", "verify-email", "mallory").returncode == 0
    assert migrated("sessions", "end", address, "--email").stdout == "Ended 0 sessions of mallory.\n"


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


def test_accounts_are_listed_by_what_they_are(migrated: Doorward) -> None:
    for name in ("who-a", "who-b", "who-c"):
        create(migrated, name, "--role", "moderator")
    migrated("users", "disable", "who-a")
    migrated("users", "delete", "who-b")

    def names(*options: str) -> list[str]:
        found = json.loads(migrated("users", "list", *options, "--json").stdout)["users"]
        return [user["username"] for user in found if user["username"].startswith("who-")]

    assert names("--disabled") == ["who-a"]
    assert names("--deleted") == ["who-b"]
    assert sorted(names("--role", "moderator")) == ["who-a", "who-c"]
    assert names("--sort", "-createdAt") == ["who-c", "who-a"]
    assert "deleted" in migrated("users", "list", "--deleted").stdout
    refused = migrated("users", "list", "--deleted", "--disabled")
    assert (refused.returncode, "cannot be listed by disabled=true and deleted=true" in refused.stderr) == (1, True)


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
        (["users", "create", "xerxes", "--email", "x@example.org", "--role", "nobody"], PASSWORD, "does not exist"),
        (["users", "show", "nobody"], "", "no such account"),
        (["users", "delete", "nobody"], "", "no such account"),
        (["users", "set-password", "nobody"], PASSWORD, "no such account"),
        (["roles", "add", "Not A Role"], "", "Role names"),
        (["roles", "remove", "admin"], "", "built in"),
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


def test_the_operator_starts_a_reset(migrated: Doorward) -> None:
    create(migrated, "rita")
    done = migrated("users", "reset-password", "rita")
    assert (done.returncode, done.stdout) == (0, "A letter to rita is on its way.\n")
    assert "password_reset" in migrated("letters", "list").stdout
    migrated("users", "disable", "rita")
    refused = migrated("users", "reset-password", "rita")
    assert (refused.returncode, refused.stderr) == (1, "doorward: The account is disabled; enable it first.\n")


def test_the_operator_vouches_for_an_address(migrated: Doorward) -> None:
    assert create(migrated, "vera")["emailVerified"] is True
    assert migrated("users", "verify-email", "vera").stdout == "The email address of vera is verified.\n"
    assert migrated("users", "verify-email", "nobody-here").returncode == 1


def test_a_deleted_account_is_restored_by_its_name_or_its_id(migrated: Doorward) -> None:
    made = create(migrated, "gina", "--role", "moderator")
    for name in ("GINA", made["id"]):
        assert migrated("users", "delete", "gina").returncode == 0
        assert migrated("users", "create", "gina", "--email", "g@example.org", stdin=PASSWORD).returncode == 1
        assert migrated("users", "restore", name).stdout == "Restored gina.\n"
    assert shown(migrated, "gina") == made
    refused = migrated("users", "restore", "gina")
    assert (refused.returncode, refused.stderr) == (1, "doorward: There is no such account.\n")


def test_an_account_is_disabled_with_a_reason_and_an_end(migrated: Doorward) -> None:
    """AD-02."""
    create(migrated, "erik")
    done = migrated("users", "disable", "erik", "--reason", "Sent spam.", "--until", "2999-01-31T13:00+01:00")
    assert (done.returncode, done.stdout) == (0, "Disabled erik until 2999-01-31T12:00:00Z.\n"), done.stderr
    found = shown(migrated, "erik")
    assert (found["disabled"], found["reason"], found["until"]) == (True, "Sent spam.", "2999-01-31T12:00:00Z")
    assert "reason: Sent spam.\n" in migrated("users", "show", "erik").stdout
    for until, code, told in (("2020-01-01", 1, "a time in the future"), ("soon", 2, "such as 2030-01-31T12:00Z")):
        refused = migrated("users", "disable", "erik", "--until", until)
        assert (refused.returncode, told in refused.stderr) == (code, True), refused.stderr
    assert shown(migrated, "erik") == found


def test_an_account_is_unlocked(migrated: Doorward) -> None:
    create(migrated, "uma")
    unlocked = migrated("users", "unlock", "uma")
    assert unlocked.stdout == "Unlocked uma.\n"
    assert '"event":"user_unlocked"' in unlocked.stderr
    assert migrated("users", "unlock", "nobody-here").returncode == 1


def test_roles_are_granted_and_revoked(migrated: Doorward) -> None:
    create(migrated, "frank")
    assert migrated("users", "grant", "frank", "moderator").returncode == 0
    assert migrated("users", "grant", "frank", "moderator").returncode == 0
    assert shown(migrated, "frank")["roles"] == ["moderator", "user"]
    assert migrated("users", "revoke", "frank", "moderator").returncode == 0
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
    again = migrated("roles", "add", "editor", "--description", "Edits.")
    assert again.stdout == "The role editor exists already; its description was changed.\n"
    found = {role["name"]: role for role in json.loads(migrated("roles", "list", "--json").stdout)["roles"]}
    assert found["editor"]["description"] == "Edits."
    assert found["editor"]["builtIn"] is False
    assert found["admin"]["builtIn"] is True
    assert "editor" in migrated("roles", "list").stdout
    assert migrated("roles", "remove", "editor").stdout == "Removed the role editor.\n"
    assert "editor" not in migrated("roles", "list").stdout


def test_a_description_is_one_line(migrated: Doorward) -> None:
    refused = migrated("roles", "add", "editor", "--description", "two\nlines")
    assert (refused.returncode, "one line" in refused.stderr) == (1, True)


def test_what_the_operator_does_is_logged_on_standard_error(migrated: Doorward) -> None:
    """LG-01, LG-03."""
    done = migrated("users", "create", "ivan", "--email", "ivan@example.org", stdin=PASSWORD)
    (line,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert (line["event"], line["by"]) == ("user_created", "operator")
    assert PASSWORD not in done.stderr


def test_the_operator_invites_somebody(migrated: Doorward) -> None:
    done = migrated("users", "invite", "Grace@Example.org", "--role", "moderator", "--locale", "de")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"Invited Grace@example\.org until 20\S+Z\.\n", done.stdout)
    letters = json.loads(migrated("letters", "list", "--json").stdout)["letters"]
    (letter,) = [letter for letter in letters if letter["kind"] == "invitation"]
    assert (letter["recipient"], letter["language"]) == ("Grace@example.org", "de")
    for arguments, told in (
        (("grace",), "Write an email address"),
        (("grace@example.org", "--role", "nothing"), "nothing"),
    ):
        refused = migrated("users", "invite", *arguments)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert told in refused.stderr
    closed = migrated("users", "invite", "grace@example.org", DOORWARD_SIGN_UP="closed")
    assert (closed.returncode, "Sign-up is closed" in closed.stderr) == (1, True)
