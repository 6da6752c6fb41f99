"""The audit log on the command line: listed, exported, and verified without a database."""

import json
from pathlib import Path

from doorward.testing.builders import PASSWORD
from support.programs.command_line import Doorward

NO_DATABASE = {"DOORWARD_DATABASE_URL": "mysql://nobody:nothing@127.0.0.1:9/none", "DOORWARD_DATA_DIR": "/nonexistent"}


def with_account(doorward: Doorward, name: str) -> None:
    done = doorward("users", "create", name, "--email", f"{name}@example.org", stdin=PASSWORD)
    assert done.returncode == 0, done.stderr


def test_changes_by_the_operator_are_listed(migrated: Doorward) -> None:
    """AD-03."""
    with_account(migrated, "ada")
    assert migrated("users", "grant", "ada", "moderator").returncode == 0
    page = json.loads(migrated("audit", "list", "--account", "ada", "--json").stdout)
    assert [(entry["event"], entry["actor"]) for entry in page["entries"]] == [
        ("authz_change", "operator"),
        ("user_created", "operator"),
    ]
    assert page["entries"][0]["after"] == {"granted": "moderator"}
    assert page["after"] is None
    table = migrated("audit", "list", "--event", "authz_change", "--actor", "operator").stdout
    assert "granted: moderator" in table
    done = migrated("audit", "list", "--limit", "1")
    assert done.stderr.startswith("More: --after ")
    assert migrated("audit", "list", "--after", done.stderr.split()[-1]).returncode == 0


def test_an_export_is_verified_without_database_and_settings(migrated: Doorward, tmp_path: Path) -> None:
    """AD-03."""
    with_account(migrated, "grace")
    earlier, later = tmp_path / "earlier.jsonl", tmp_path / "later.jsonl"
    assert migrated("audit", "export", "--output", str(earlier)).returncode == 0
    assert earlier.stat().st_mode & 0o077 == 0
    with_account(migrated, "hedy")
    exported = migrated("audit", "export", "--readable")
    assert exported.returncode == 0
    later.write_text(exported.stdout)
    assert "grace@example.org" not in earlier.read_text()
    assert "grace@example.org" in exported.stdout
    done = migrated("audit", "verify", str(later), "--against", str(earlier), **NO_DATABASE)
    assert done.returncode == 0, done.stderr
    assert "streams verify." in done.stdout
    assert "and 0 are gone" in done.stdout
    one = migrated("audit", "export", "--account", "hedy")
    assert "Exported 1 entries in 1 streams." in one.stderr


def test_an_altered_export_is_refused_in_one_line_that_names_the_first_wrong_one(
    migrated: Doorward, tmp_path: Path
) -> None:
    """AD-03."""
    with_account(migrated, "margaret")
    file = tmp_path / "export.jsonl"
    lines = migrated("audit", "export", "--account", "margaret").stdout.splitlines()
    file.write_text("\n".join([*lines[:2], lines[2].replace("operator", "visitor"), *lines[3:]]))
    done = migrated("audit", "verify", str(file), **NO_DATABASE)
    assert done.returncode == 1
    assert done.stderr == (
        "doorward: Line 3 of the export does not verify: the entry or one before it was changed: its hash is another "
        "one.\n"
    )


def test_no_entry_contains_a_secret(migrated: Doorward) -> None:
    """LG-03."""
    with_account(migrated, "katherine")
    assert migrated("users", "set-password", "katherine", stdin="another violet harbour kettle").returncode == 0
    shown = migrated("audit", "export", "--readable").stdout
    assert "argon2" not in shown
    assert "kettle" not in shown
