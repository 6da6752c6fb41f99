"""How refusals, and what cannot be decoded, are worded on the wire."""

from collections.abc import Iterator
from typing import get_args, get_type_hints

import msgspec
import pytest

from doorward.domain import errors
from doorward.domain.accounts.password import PasswordPolicy
from doorward.domain.errors import (
    DomainError,
    EmailTaken,
    PasswordBlocked,
    PasswordTooLong,
    PasswordTooShort,
    RoleUnknown,
    TokenRequired,
    UnknownAccount,
    UsernameTaken,
    WrongPassword,
)
from doorward.infrastructure.settings.settings import Settings
from doorward.interfaces.http import app
from doorward.interfaces.http.access.explain import Question
from doorward.interfaces.http.accounts.auth import SignUp
from doorward.interfaces.http.docs.openapi_problems import example_texts
from doorward.interfaces.http.errors import refusals
from doorward.interfaces.http.errors.dialects import DIALECTS, Answer
from doorward.interfaces.http.errors.errors import STATUS, Refusals
from doorward.interfaces.http.request import field_error

STANDARD = Refusals(DIALECTS["standard"])
TUTORIAL = Refusals(DIALECTS["tutorial"])
OURS = ("doorward.domain.", "doorward.application.", "doorward.interfaces.")
"""An adapter may have a shade of a refusal for itself."""
HOMES = {errors.__name__, refusals.__name__}
CONTRACT = {
    UnknownAccount: Answer(404, "User Not found."),
    WrongPassword: Answer(401, "Invalid Password!"),
    UsernameTaken: Answer(400),
    EmailTaken: Answer(400),
    TokenRequired: Answer(403),
}
"""What the tutorial's clients are promised, written out by hand."""


def everywhere(of: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for kind in of.__subclasses__():
        yield kind
        yield from everywhere(kind)


def leaves() -> Iterator[type[DomainError]]:
    return (kind for kind in everywhere() if kind.__module__ in HOMES)


@pytest.mark.parametrize("kind", list(leaves()), ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_status_that_says_what_to_do_next(kind: type[DomainError]) -> None:
    family = next(family for family in STATUS if issubclass(kind, family))
    assert STANDARD.answer(kind).status == STATUS[family]
    assert STANDARD.answer(kind).text is None


def test_the_dialects_differ_in_what_the_contract_says_and_in_nothing_else() -> None:
    differing = {kind: TUTORIAL.answer(kind) for kind in leaves() if TUTORIAL.answer(kind) != STANDARD.answer(kind)}
    assert differing == CONTRACT
    assert DIALECTS["standard"].cors_origins == set()
    assert DIALECTS["tutorial"].cors_origins == {"http://localhost:8081"}


def test_a_dialect_can_be_set_if_there_is_one() -> None:
    assert set(get_args(get_type_hints(Settings)["dialect"])) == set(DIALECTS)


def test_every_refusal_stands_where_refusals_stand() -> None:
    assert app.ROUTES, "what HTTP has is imported, so that it is known here"
    assert {kind.__module__ for kind in everywhere() if kind.__module__.startswith(OURS)} == HOMES


def test_the_document_words_refusals_as_they_are_raised() -> None:
    texts = example_texts(PasswordPolicy(min_characters=20))
    assert set(texts) == {PasswordTooShort, PasswordTooLong, PasswordBlocked, RoleUnknown}
    assert "at least 20 characters" in texts[PasswordTooShort]
    assert texts[RoleUnknown] == "Role boss does not exist!"
    assert "at least 64 characters" in example_texts(PasswordPolicy(min_characters=64))[PasswordTooShort]


@pytest.mark.parametrize(
    ("kind", "body", "field", "message"),
    [
        (SignUp, b'{"username": 7}', "username", "Expected str, got int"),
        (SignUp, b'{"username": "ada"}', "email", "This member is required."),
        (SignUp, b'{"hunter2": 1}', "hunter2", "There is no such member."),
        (SignUp, b'{"%s": 1}' % (b"x" * 500), "x" * 64, "There is no such member."),
        (SignUp, b"[]", "", "Expected object, got array"),
        (Question, b'{"user": "ada", "anyRole": ["a", 1]}', "anyRole[1]", "Expected str, got int"),
        (Question, b'{"user": "ada"}', "", "Ask either for anyRole, or for method and path."),
    ],
)
def test_what_is_wrong_with_a_body_is_said_by_name(
    kind: type[msgspec.Struct], body: bytes, field: str, message: str
) -> None:
    """HT-13."""
    with pytest.raises(msgspec.ValidationError) as refusal:
        msgspec.json.decode(body, type=kind)
    assert field_error(str(refusal.value)) == {"field": field, "message": message}


@pytest.mark.parametrize("message", ["Invalid enum value 'hunter2' - at `$.kind`", "Invalid value 'hunter2'"])
def test_a_value_that_was_sent_is_never_repeated(message: str) -> None:
    """HT-13."""
    assert "hunter2" not in str(field_error(message))
