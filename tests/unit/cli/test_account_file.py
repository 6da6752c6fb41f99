import io
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from doorward.application.accounts.account_entries import AccountEntry, Problem
from doorward.interfaces.cli.account_file import MAX_LINE_BYTES, AccountFile

ADA = {"username": "ada", "email": "ada@example.org", "passwordHash": "$argon2id$..."}


def read(content: bytes) -> list[AccountEntry | Problem]:
    return list(AccountFile(io.BytesIO(content)))


def line(**members: object) -> bytes:
    return json.dumps({**ADA, **members}).encode() + b"\n"


def without(member: str) -> bytes:
    return json.dumps({name: value for name, value in ADA.items() if name != member}).encode()


def test_a_line_is_an_account() -> None:
    made = datetime(2019, 5, 4, 1, 2, 1, 500_000, UTC)
    assert read(line() + line(roles=["editor"], disabled=True, createdAt="2019-05-04T03:02:01.5+02:00")) == [
        AccountEntry(1, "ada", "ada@example.org", "$argon2id$..."),
        AccountEntry(2, "ada", "ada@example.org", "$argon2id$...", ("editor",), disabled=True, created_at=made),
    ]


def test_an_account_may_have_an_id() -> None:
    (entry,) = read(line(id="7b9f5c0e-3a3c-4d39-9a6e-5b1f6d1c2e3f"))
    assert isinstance(entry, AccountEntry)
    assert entry.id == UUID("7b9f5c0e-3a3c-4d39-9a6e-5b1f6d1c2e3f")


def test_a_byte_order_mark_before_the_first_line_is_skipped() -> None:
    assert read("\ufeff".encode() + line()) == read(line())


def test_blank_lines_count_and_are_no_accounts() -> None:
    assert [entry.line for entry in read(b"\n  \r\n" + line() + b"\t\n" + line().rstrip())] == [3, 5]
    assert read(b"") == []


def test_a_file_is_gone_through_again_from_where_it_stood() -> None:
    content = io.BytesIO(b"a heading\n" + line())
    content.readline()
    file = AccountFile(content, content.tell())
    assert list(file) == list(file) == [AccountEntry(1, "ada", "ada@example.org", "$argon2id$...")]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (b"nonsense", "JSON"),
        (b'["ada", "ada@example.org"]', "object"),
        (b'{"username": "ada"', "JSON"),
        (b'{"username": "eve", ' + line()[1:], "A member is given twice."),
        (line().rstrip() + line(), "JSON"),
        (b"\xff\xfe", "UTF-8"),
        ("\ufeff".encode() + line(), "JSON"),
        (without("username"), "username"),
        (without("email"), "email"),
        (without("passwordHash"), "passwordHash"),
        (line(passwordHash=None), "passwordHash: "),
        (line(password="violet harbour kettle"), "There is no member password."),
        (line(**{"violet harbour kettle": 1}), "A member has an unknown name."),
        (line(id="7"), "id: "),
        (line(roles="admin"), "roles: "),
        (line(roles=[1]), "roles[0]: "),
        (line(disabled="no"), "disabled: "),
        (line(createdAt="yesterday"), "createdAt: "),
        (line(createdAt="2019-05-04T03:02:01"), "createdAt: "),
        (line(createdAt="2019-02-30T03:02:01Z"), "createdAt: "),
        (b'{"username": "ada", "email": "\\ud800"}', "surrogate"),
    ],
)
def test_what_is_wrong_is_said_without_what_stands_there(wrong: bytes, told: str) -> None:
    _, problem, _ = read(line() + wrong.rstrip() + b"\n" + line())
    assert isinstance(problem, Problem)
    assert problem.line == 2
    assert told in problem.text
    assert "violet" not in problem.text


@pytest.mark.parametrize("more", [1, MAX_LINE_BYTES, 3 * MAX_LINE_BYTES])
def test_a_line_that_is_too_long_is_one_line(more: int) -> None:
    longest = b"x" * (MAX_LINE_BYTES - 1)
    entries = read(longest + b"x\r\n" + longest + b"x" * (more + 1) + b"\n" + line())
    assert [(entry.line, isinstance(entry, Problem)) for entry in entries] == [(1, True), (2, True), (3, False)]
    assert entries[0] != Problem(1, "The line is longer than 16384 bytes.")
    assert entries[1] == Problem(2, "The line is longer than 16384 bytes.")
