"""What Doorward says about input that it refuses: what is wrong, and what to write instead.

The messages about settings are in `tests/integration/test_setting_messages.py`.
"""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from doorward.application.accounts.account_entries import PLACEHOLDER_ID, AccountEntry, EntryRules, Problem
from doorward.domain.access.role import USER, parse_description, parse_role_name
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.password import Password, PasswordPolicy
from doorward.domain.accounts.username import Username
from doorward.domain.errors import EmailUnproven, Invalid, LastAdmin, RoleUnknown
from doorward.domain.ids import UserId
from doorward.domain.services.service import parse_service_name
from doorward.interfaces.cli.account_file import parse_line
from doorward.interfaces.http.errors.refusals import (
    CredentialsInQuery,
    InvalidHost,
    JsonRequired,
    UnsupportedContentEncoding,
)
from doorward.testing.doubles import NOON, PlainHasher

POLICY = PasswordPolicy()


def password(text: str) -> None:
    POLICY.check(Password.typed(text), ("ada", "ada@example.org"))


REFUSED: list[tuple[Callable[[str], object], str, str, str]] = [
    # parser, text, name of the value, what to write
    (Email.parse, "", "email", "such as ada@example.org"),
    (Email.parse, "ada", "email", "such as ada@example.org"),
    (Email.parse, "ada@localhost", "email", "such as ada@example.org"),
    (Email.parse, "ada@eve@example.org", "email", "such as ada@example.org"),
    (Email.parse, "ada@example.org\n", "email", "such as ada@example.org"),
    (Email.parse, "ada@bücher.example", "email", "xn--bcher-kva.example"),
    (Email.parse, "ada@例え.jp", "email", "in ASCII"),
    (Email.parse, "zoë@example.org", "email", "letters a to z"),
    (Email.parse, "ada lovelace@example.org", "email", "letters a to z"),
    (Email.parse, "a" * 65 + "@example.org", "email", "at most 64 before the @"),
    (Email.parse, "ada@" + "example." * 40 + "org", "email", "at most 254 characters"),
    (Username.parse, "", "username", "3 to 32 letters"),
    (Username.parse, "ada lovelace", "username", "digits, dots, dashes or underscores"),
    (Username.parse, "-ada", "username", "begin with no dot or dash"),
    (Username.parse, "zoë", "username", "letters (a to z)"),
    (parse_role_name, "Admin", "role", "a to z"),
    (parse_role_name, "1st", "role", "begin with a letter"),
    (parse_description, "two\nlines", "description", "one line"),
    (parse_description, "x" * 201, "description", "at most 200 visible characters"),
    (parse_service_name, "My service", "name", "a to z, 0 to 9, dots, dashes and underscores"),
    (password, "too short", "password", "at least 15 characters; several words"),
    (password, "x" * 257, "password", "at most 256 characters"),
    (password, "ada@example.org and more", "password", "must not contain the username, the email"),
    (password, "the doorward service", "password", "or the service's name"),
    (password, "ababababababababab", "password", "Use several words"),
]


@pytest.mark.parametrize(("parse", "text", "name", "instead"), REFUSED)
def test_a_refused_text_is_named_with_what_to_write_instead(
    parse: Callable[[str], object], text: str, name: str, instead: str
) -> None:
    with pytest.raises(Invalid) as refused:
        parse(text)
    assert refused.value.field == name
    assert instead in str(refused.value)


LINES = [
    ('{"username": "ada"', "The line is not valid JSON"),
    ('["ada"]', "The line is not a JSON object"),
    ('{"username": "ada"}', "email"),
    ('{"username": "ada", "email": "a@b.org", "passwordHash": 7}', "passwordHash: "),
    ('{"username": "ada", "email": "a@b.org", "passwordHash": "", "roles": "admin"}', "roles: "),
    ('{"username": "ada", "email": "a@b.org", "passwordHash": "", "password": "x"}', "There is no member password"),
    ('{"username": "ada", "email": "a@b.org", "passwordHash": "", "createdAt": "yesterday"}', "createdAt: "),
    ('{"username": "ada", "email": "a@b.org", "passwordHash": "", "id": "7"}', "id: "),
]


@pytest.mark.parametrize(("line", "told"), LINES)
def test_a_refused_line_of_an_import_says_which_member_is_wrong(line: str, told: str) -> None:
    problem = parse_line(1, line.encode())
    assert isinstance(problem, Problem)
    assert told in problem.text


ENTRIES = [
    (AccountEntry(1, "ada", "ada@bücher.example", "$plain$1$x"), "xn--bcher-kva.example"),
    (AccountEntry(1, "ada", "ada@example.org", "secret"), "The password hash could not be used here: malformed"),
    (AccountEntry(1, "ada", "ada@example.org", "$plain$1$x", ["boss"]), "Role boss does not exist!"),
    (
        AccountEntry(1, "ada", "ada@example.org", "$plain$1$x", created_at=NOON + timedelta(days=2)),
        "before 1970 or in the future",
    ),
    (AccountEntry(1, "ada", "ada@example.org", "$plain$1$x", id=UserId(UUID(int=0))), "the nil or the max UUID"),
]


@pytest.mark.parametrize(("entry", "told"), ENTRIES)
def test_a_refused_account_of_an_import_says_what_is_wrong(entry: AccountEntry, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        EntryRules(PlainHasher(), {USER}, NOON).account(entry, PLACEHOLDER_ID)


def test_blanks_around_the_email_of_an_import_are_left_out() -> None:
    entry = AccountEntry(1, "ada", " Ada@Example.org\t", "$plain$1$x")
    assert EntryRules(PlainHasher(), {USER}, NOON).account(entry, PLACEHOLDER_ID).email == Email.parse(
        "Ada@example.org"
    )


@pytest.mark.parametrize(
    ("refusal", "instead"),
    [
        (EmailUnproven(), "username or its id"),
        (LastAdmin(), "make another account admin first"),
        (RoleUnknown("boss"), "Role boss"),
        (CredentialsInQuery(), "in the body or in a header"),
        (InvalidHost(), "one Host header with the name of this service"),
        (JsonRequired(), "application/json"),
        (UnsupportedContentEncoding(), "not compressed"),
    ],
)
def test_a_refused_request_says_what_to_do_instead(refusal: Exception, instead: str) -> None:
    assert instead in str(refusal)
