"""How refusals, and what cannot be decoded, are worded on the wire."""

from collections.abc import Iterator

import msgspec
import pytest

from domain import errors
from domain.errors import DomainError, LastAdmin, TokenRequired, UnknownAccount, UsernameTaken, WrongPassword
from interfaces.http.auth import SignUp
from interfaces.http.dialects import DIALECTS
from interfaces.http.errors import STATUS, Refusals
from interfaces.http.explain import Question
from interfaces.http.request import field_error

STANDARD = Refusals("standard")
TUTORIAL = Refusals("tutorial")


def leaves(of: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for kind in of.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from leaves(kind)


@pytest.mark.parametrize("kind", list(leaves()), ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_status_that_says_what_to_do_next(kind: type[DomainError]) -> None:
    family = next(family for family in STATUS if issubclass(kind, family))
    assert STANDARD.answer(kind).status == STATUS[family]
    assert STANDARD.answer(kind).text is None


def test_the_dialects_differ_in_what_their_table_says_and_in_nothing_else() -> None:
    assert DIALECTS["standard"] == {}
    differing = {kind for kind in leaves() if TUTORIAL.answer(kind) != STANDARD.answer(kind)}
    assert differing == set(DIALECTS["tutorial"])
    said = {kind: (TUTORIAL.answer(kind).status, TUTORIAL.answer(kind).text) for kind in differing}
    assert said[UnknownAccount] == (404, "User Not found.")
    assert said[WrongPassword] == (401, "Invalid Password!")
    assert (said[UsernameTaken], said[TokenRequired]) == ((400, None), (403, None))
    assert TUTORIAL.answer(LastAdmin).status == 409


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
