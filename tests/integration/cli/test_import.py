"""`doorward users import`: what a file may hold, what is said of it, and that all of it or nothing is stored."""

import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from subprocess import DEVNULL

import pytest

from support.length import FULL
from support.programs.command_line import Doorward
from support.programs.processes import PATIENCE, eventually

SALT, DIGEST = "c29tZXNhbHRzb21lc2FsdA", "QWxsIHBhc3N3b3JkcyBoYXNoIHRvIHRoaXMgb25lLiE"
HASH = f"$argon2id$v=19$m=19456,t=2,p=1${SALT}${DIGEST}"


def line(name: str, **members: object) -> str:
    return json.dumps({"username": name, "email": f"{name}@example.org", "passwordHash": HASH, **members}) + "\n"


def imported(doorward: Doorward, content: str | bytes, *options: str) -> dict[str, int]:
    done = doorward("users", "import", "-", "--json", *options, stdin=content)
    assert done.returncode == 0, done.stderr
    counts: dict[str, int] = json.loads(done.stdout)
    return counts


def refusal(doorward: Doorward, content: str | bytes, *options: str) -> list[str]:
    """The lines on standard error."""
    done = doorward("users", "import", "-", *options, stdin=content)
    assert (done.returncode, done.stdout) == (1, "")
    assert SALT not in done.stderr
    assert DIGEST not in done.stderr
    return done.stderr.splitlines()


def names(doorward: Doorward, prefix: str) -> list[str]:
    page = json.loads(doorward("users", "list", "--query", prefix, "--limit", "200", "--json").stdout)
    return [user["username"] for user in page["users"]]


def test_accounts_come_from_a_file(migrated: Doorward, tmp_path: Path) -> None:
    file = tmp_path / "accounts.jsonl"
    ada = line(
        "file-ada", roles=["moderator"], disabled=True, emailVerified=True, createdAt="2019-05-04T03:02:01.5+02:00"
    )
    file.write_text(f"{ada}\n   \n{line('file-bob')}".rstrip("\n"))
    done = migrated("users", "import", str(file))
    assert (done.returncode, done.stdout) == (0, "Imported 2 accounts.\n")
    shown = json.loads(migrated("users", "show", "file-ada", "--json").stdout)
    del shown["id"]
    assert shown == {
        "username": "file-ada",
        "email": "file-ada@example.org",
        "roles": ["moderator", "user"],
        "disabled": True,
        "reason": None,
        "until": None,
        "emailVerified": True,
        "createdAt": "2019-05-04T01:02:01.500000Z",
        "locale": None,
        "deletedAt": None,
    }
    (event,) = [json.loads(text) for text in done.stderr.splitlines()]
    assert {"event": "users_imported", "by": "operator", "imported": 2, "skipped": 0}.items() <= event.items()


def test_accounts_come_from_standard_input(migrated: Doorward) -> None:
    content = "".join(line(f"input-{number:04}") for number in range(1_200))
    assert imported(migrated, content) == {"imported": 1_200, "skipped": 0}
    assert names(migrated, "input-01") == [f"input-{number:04}" for number in range(100, 200)]


def test_lines_may_end_as_on_windows_and_an_empty_file_is_no_accounts(migrated: Doorward) -> None:
    assert imported(migrated, (line("windows-a") + line("windows-b")).replace("\n", "\r\n"))["imported"] == 2
    assert imported(migrated, "") == {"imported": 0, "skipped": 0}


def test_wrong_lines_are_named_in_their_order_and_nothing_is_imported(migrated: Doorward) -> None:
    wrong = {
        "nonsense\n": "JSON",
        line("wrong-a", password="violet harbour kettle"): "There is no member password.",
        line("wrong-b", passwordHash="$2b$15$abcdefghijklmnopqrstuuK8Gd0r6Q2m1v0jT0q7n8xC4r5s6t7u8"): "cost of bcrypt",
        line("wrong-c", passwordHash=HASH[:-2]): "undecodable",
        line("wrong-d", passwordHash=HASH.replace("m=19456", "m=9999999")): "absurd parameters",
        line("wrong-e", roles=["emperor"]): "emperor",
        line("wrong-f", createdAt="1899-05-04T03:02:01Z"): "before 1970",
        line("x"): "3 to 32",
        line("wrong-g", email="x"): "email",
        line("wrong-h", email="x" * 20_000): "longer than 16384 bytes",
        line("GOOD-A"): "The username is that of line 1.",
        line("wrong-i", email="GOOD-B@example.org"): "The email is that of line 3.",
    }
    told = refusal(migrated, line("good-a") + "\n" + line("good-b") + "".join(wrong) + line("good-c"))
    assert [text.split(": ", 1)[0] for text in told[:-1]] == [f"line {number}" for number in range(4, 16)]
    assert [text for text, expected in zip(told, wrong.values(), strict=False) if expected not in text] == []
    assert "violet" not in str(told)
    assert told[-1] == "doorward: Nothing was imported: 12 lines cannot be."
    assert names(migrated, "good-") == []


def test_the_first_twenty_wrong_lines_are_named_and_the_others_counted(migrated: Doorward) -> None:
    told = refusal(migrated, "nonsense\n" * 23)
    assert [text.partition(":")[0] for text in told[:20]] == [f"line {number}" for number in range(1, 21)]
    assert told[20:] == ["and 3 more", "doorward: Nothing was imported: 23 lines cannot be."]


def test_accounts_that_are_there_are_refused_or_skipped(migrated: Doorward) -> None:
    content = line("again-a") + line("again-b")
    assert imported(migrated, content) == {"imported": 2, "skipped": 0}
    told = refusal(migrated, line("again-c") + content)
    assert told[0] == "line 2: Username is already in use!"
    assert told[-2:] == [
        "With --skip-existing, accounts that exist already are left as they are.",
        "doorward: Nothing was imported: 2 lines cannot be.",
    ]
    assert imported(migrated, line("again-c") + content, "--skip-existing") == {"imported": 1, "skipped": 2}
    done = migrated("users", "import", "-", "--skip-existing", stdin=content)
    assert done.stdout == "Imported 0 accounts. Skipped 2.\n"


def test_a_file_that_is_not_there_is_wrong_usage(migrated: Doorward) -> None:
    done = migrated("users", "import", "nowhere.jsonl")
    assert (done.returncode, "nowhere.jsonl" in done.stderr) == (2, True)


def test_a_database_that_is_not_migrated_is_refused(doorward: Doorward) -> None:
    done = doorward("users", "import", "-", stdin=line("ada"))
    assert (done.returncode, "migrate" in done.stderr) == (2, True)


@pytest.mark.usefixtures("interruptible")
def test_what_was_interrupted_is_gone_on_with(migrated: Doorward, tmp_path: Path) -> None:
    """By Ctrl-C, as soon as something is in the database: asked of its file, since a command would take too long."""
    file, count = tmp_path / "accounts.jsonl", 20_000 if FULL else 10_000
    file.write_text("".join(line(f"many-{number:05}") for number in range(count)))
    first = "SELECT 1 FROM users WHERE username = 'many-00000'"
    with (
        (tmp_path / "errors").open("wb") as errors,
        closing(sqlite3.connect(migrated.data_dir / "doorward.db")) as database,
    ):
        process = migrated.start("users", "import", str(file), stdin=DEVNULL, stderr=errors)
        eventually(lambda: process.poll() is not None or database.execute(first).fetchone())
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    told = (tmp_path / "errors").read_text()
    assert process.returncode == 1, told
    assert "Run it again with --skip-existing to continue." in told
    assert '"event":"users_import_failed"' in told
    counts = imported(migrated, file.read_bytes(), "--skip-existing")
    assert counts["imported"] + counts["skipped"] == count
    assert counts["imported"] > 0
    assert counts["skipped"] > 0
    last = [f"many-{number:05}" for number in range(count - 100, count)]
    assert names(migrated, last[0][:-2]) == last
