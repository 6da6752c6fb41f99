"""Letters on the command line: what is listed, what is sent again, and the test of the mail server."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from doorward.domain.accounts.email import Email
from doorward.domain.letters.letter import Letter, LetterKind
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.storage_access import put
from support.http.letters import read, text_of
from support.programs.command_line import Doorward


def stored(doorward: Doorward, *letters: Letter) -> None:
    async def store() -> None:
        storage = SqlStorage.open(DatabaseUrl.parse(f"sqlite:///{doorward.data_dir / 'doorward.db'}"))
        await put(storage, *letters)
        await storage.close()

    asyncio.run(store())


def a_letter(address: str) -> Letter:
    return Letter.requested(LetterKind.PASSWORD_RESET, Email.parse(address), "en", datetime.now(UTC))


def listed(doorward: Doorward, *options: str) -> list[dict[str, Any]]:
    done = doorward("letters", "list", "--json", *options)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["letters"]
    return found


def test_letters_are_listed_shown_and_sent_again(migrated: Doorward) -> None:
    waiting = a_letter("ada@example.org")
    given_up = a_letter("grace@example.org").failed(
        "the server refused the recipient (550)", datetime.now(UTC), final=True
    )
    stored(migrated, waiting, given_up)
    assert {letter["id"] for letter in listed(migrated)} == {str(waiting.id), str(given_up.id)}
    assert [letter["reason"] for letter in listed(migrated, "--state", "given_up")] == [given_up.reason]
    assert "grace@example.org" in migrated("letters", "list").stdout
    shown = migrated("letters", "show", str(given_up.id))
    assert given_up.reason in shown.stdout
    done = migrated("letters", "retry", str(given_up.id))
    assert (done.returncode, done.stdout) == (0, f"The letter {given_up.id} is due now.\n")
    assert json.loads(migrated("letters", "show", str(given_up.id), "--json").stdout)["state"] == "waiting"


def test_a_letter_that_was_sent_and_one_that_is_not_there_are_refused_in_one_line(migrated: Doorward) -> None:
    sent = a_letter("sent@example.org").sent(datetime.now(UTC))
    stored(migrated, sent)
    done = migrated("letters", "retry", str(sent.id))
    assert (done.returncode, done.stderr) == (1, "doorward: This letter was sent already.\n")
    for command in ("show", "retry"):
        done = migrated("letters", command, str(uuid4()))
        assert (done.returncode, done.stderr) == (1, "doorward: There is no such letter.\n")


def test_a_test_letter_becomes_a_file_where_there_is_no_mail_server(migrated: Doorward) -> None:
    done = migrated("letters", "send-test", "ada@example.org", "--language", "es")
    assert done.returncode == 0
    assert done.stdout == f"A letter for ada@example.org went to a file in {migrated.data_dir / 'letters'}.\n"
    assert '"event":"letter_written"' in done.stderr
    (file,) = (migrated.data_dir / "letters").glob("*.eml")
    letter = read(file.read_bytes())
    assert letter["To"] == "ada@example.org"
    assert "Este mensaje demuestra" in text_of(letter)


@pytest.mark.parametrize(
    ("address", "told"), [("ada", "Write an email address"), ("ada@example.org", "the mail server cannot be reached")]
)
def test_a_test_letter_that_cannot_be_sent_says_why_in_one_line(migrated: Doorward, address: str, told: str) -> None:
    server = {"DOORWARD_SMTP_URL": "smtp://ada:hunter2hunter2@127.0.0.1:9", "DOORWARD_MAIL_FROM": "noreply@example.org"}
    done = migrated("letters", "send-test", address, **server)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("doorward: ")
    assert done.stderr.count("\n") == 1
    assert "hunter2" not in done.stderr
    assert told in done.stderr
