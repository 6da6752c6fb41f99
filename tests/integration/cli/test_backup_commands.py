"""`doorward backup` and `doorward restore`, as an operator runs them."""

import subprocess
from pathlib import Path

import pytest

from doorward.testing.builders import PASSWORD
from support.outside.packages import install_toy
from support.programs.command_line import Doorward
from support.programs.processes import PATIENCE

SECRET, ANOTHER = "one secret of this test, 2b7e151628aed2a6abf7", "another secret of it, 9f8e7d6c5b4a39281706"


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a database with ada and with a signing key that is sealed under SECRET."""
    doorward = Doorward.patient(tmp_path_factory.mktemp("backed up"), secret_key=SECRET)
    assert doorward("migrate").returncode == 0
    assert doorward("users", "create", "ada", "--email", "ada@example.org", stdin=PASSWORD).returncode == 0
    assert doorward("keys", "rotate", "--in", "0").returncode == 0
    file = doorward.folder / "doorward.backup"
    done = doorward("backup", str(file))
    assert done.returncode == 0, done.stderr
    assert "Backed up users: 1 of 1 rows\n" in done.stderr
    assert done.stderr.endswith(", 1 account among them.\n")
    return file


def test_a_backup_belongs_to_its_owner_and_is_never_overwritten_unasked(migrated: Doorward) -> None:
    """F-40."""
    file = migrated.folder / "some.backup"
    assert migrated("backup", str(file)).returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    refused = migrated("backup", str(file))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "exists; choose another name, or add --force" in refused.stderr
    assert file.read_bytes() == before
    assert migrated("backup", str(file), "--force").returncode == 0
    assert [path.name for path in migrated.folder.iterdir() if "backup" in path.name] == [file.name]


def test_a_place_that_cannot_be_written_is_named(migrated: Doorward) -> None:
    refused = migrated("backup", str(migrated.folder / "missing" / "some.backup"))
    assert refused.returncode == 1
    assert "some.backup cannot be written: No such file or directory." in refused.stderr


def test_a_backup_is_no_text_of_secrets_that_a_search_finds_and_nothing_of_it_is_logged(backed_up: Path) -> None:
    """LG-03."""
    assert b"argon2" not in backed_up.read_bytes()
    assert b"ada@example.org" not in backed_up.read_bytes()


def test_a_restore_makes_the_tables_and_says_what_it_did(doorward: Doorward, backed_up: Path) -> None:
    """F-40."""
    done = doorward("restore", str(backed_up), "--end-sessions")
    assert done.returncode == 0, done.stderr
    first, *others = done.stdout.splitlines()
    assert first.startswith("Restored 1 account as of 20")
    assert others == ["Ended 0 sessions; everybody signs in anew.", "The next start makes a new signing key."]
    assert '"event":"database_restored"' in done.stderr
    assert "ada@example.org" in doorward("users", "list").stdout
    assert doorward("keys", "list").stdout.count("\n") == 1
    listed = doorward("audit", "list", "--event", "database_restored").stdout
    assert "accounts: 1" in listed
    assert "sessions: ended" in listed


def test_a_backup_comes_through_a_pipe_too(doorward: Doorward, backed_up: Path) -> None:
    """F-40."""
    done = doorward("restore", "-", stdin=backed_up.read_bytes())
    assert done.returncode == 0, done.stderr
    again = doorward("restore", "-", stdin=backed_up.read_bytes())
    assert again.returncode == 1
    assert "The database holds 1 account; name an empty one" in again.stderr
    assert doorward("restore", "--replace", "-", stdin=backed_up.read_bytes()).returncode == 0


def test_kept_keys_need_the_secret_that_sealed_them_and_new_ones_do_not(doorward: Doorward, backed_up: Path) -> None:
    """F-40."""
    refused = doorward("restore", str(backed_up), "--keep-sessions", DOORWARD_SECRET_KEY=ANOTHER)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "as DOORWARD_SECRET_KEY_PREVIOUS if it was replaced" in refused.stderr
    assert "Without --keep-sessions the service makes new ones" in refused.stderr
    assert not (doorward.data_dir / "doorward.db").exists()
    assert doorward("restore", str(backed_up), DOORWARD_SECRET_KEY=ANOTHER).returncode == 0


def test_kept_keys_are_sealed_under_the_present_secret(doorward: Doorward, backed_up: Path) -> None:
    """F-40."""
    both = {"DOORWARD_SECRET_KEY": ANOTHER, "DOORWARD_SECRET_KEY_PREVIOUS": SECRET}
    done = doorward("restore", str(backed_up), "--keep-sessions", **both)
    assert done.returncode == 0, done.stderr
    found = doorward("doctor", DOORWARD_SECRET_KEY=ANOTHER)
    assert "signing keys: " in found.stdout
    assert found.returncode == 0, found.stdout


def test_a_file_that_is_no_backup_is_refused_in_one_line(doorward: Doorward, backed_up: Path) -> None:
    """F-40."""
    short, other = doorward.folder / "short", doorward.folder / "other"
    short.write_bytes(backed_up.read_bytes()[:-9])
    other.write_text("-- MySQL dump 10.13\n")
    for file, reason in ((short, "it was cut off before its end"), (other, "it is no file that `doorward backup` wr")):
        refused = doorward("restore", str(file))
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert reason in refused.stderr


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_storage_that_offers_no_backups_says_so(doorward: Doorward, backed_up: Path, command: str) -> None:
    """F-40: memory, and an adapter of another package."""
    install_toy(doorward.folder / "packages")
    toy = doorward.beside(doorward.folder / "packages").having(
        DOORWARD_DATABASE_URL=f"toy://ada:hunter2hunter2@shelf{doorward.folder / 'toys'}"
    )
    file = doorward.folder / "new.backup" if command == "backup" else backed_up
    for program in (doorward.having(DOORWARD_DATABASE_URL="memory://"), toy):
        refused = program(command, str(file))
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert "offers no backups in Doorward's form; use the tools of the database" in refused.stderr
        assert "hunter2" not in refused.stderr
    assert not (doorward.folder / "new.backup").exists()


@pytest.mark.full
def test_one_command_can_read_what_another_writes(migrated: Doorward, doorward: Doorward) -> None:
    """F-40: `doorward backup - | doorward restore -`."""
    writer = migrated.start("backup", "-")
    done = subprocess.run(
        [doorward.program, "restore", "-"],
        env=doorward.environment,
        stdin=writer.stdout,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert writer.wait(PATIENCE) == 0
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.close()
    writer.stderr.close()
