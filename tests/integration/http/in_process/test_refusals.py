"""Statuses and texts of refusals, and of bodies that cannot be decoded."""

from collections.abc import Iterator
from typing import get_args, get_type_hints

import msgspec
import pytest

from doorward.domain import errors
from doorward.domain.accounts.password import PasswordPolicy
from doorward.domain.errors import (
    Conflict,
    DomainError,
    EmailTaken,
    Forbidden,
    Invalid,
    KeptTokenReused,
    LetterUndelivered,
    Missing,
    PasswordBlocked,
    PasswordTooLong,
    PasswordTooShort,
    RefreshTokenExpired,
    RefreshTokenMissing,
    RefreshTokenUnknown,
    RoleUnknown,
    Throttled,
    Unauthenticated,
    Unavailable,
    UnknownAccount,
    UsernameTaken,
    WrongPassword,
)
from doorward.infrastructure.settings.settings import Settings
from doorward.interfaces.http import app
from doorward.interfaces.http.access.explain import Question
from doorward.interfaces.http.accounts.sign_up import SignUp
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.docs.openapi_problems import example_texts
from doorward.interfaces.http.edge.request_target import MAX_TARGET_BYTES
from doorward.interfaces.http.errors import refusals
from doorward.interfaces.http.errors.answers import ErrorAnswers
from doorward.interfaces.http.errors.dialects import DIALECTS, Dialect, Override
from doorward.interfaces.http.errors.field_errors import body_error
from doorward.interfaces.http.errors.refusals import (
    BodyTooLarge,
    BodyTooSlow,
    HeadersTooLarge,
    InternalError,
    JsonRequired,
    MisdirectedRequest,
    TargetTooLong,
    TokenRequired,
    UnsupportedContentEncoding,
)

STANDARD = ErrorAnswers(DIALECTS["standard"])
TUTORIAL = ErrorAnswers(DIALECTS["tutorial"])
OURS = ("doorward.domain.", "doorward.application.", "doorward.interfaces.")
"""An adapter may have its own subclass of a refusal."""
HOMES = (f"{errors.__name__}.", refusals.__name__)
"""The beginnings of the modules in which refusals are defined."""
FAMILIES: dict[type[DomainError], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    Missing: 404,
    Conflict: 409,
    Throttled: 429,
    Unavailable: 503,
}
EXCEPTIONS: dict[type[DomainError], int] = {
    InternalError: 500,
    BodyTooSlow: 408,
    BodyTooLarge: 413,
    TargetTooLong: 414,
    JsonRequired: 415,
    UnsupportedContentEncoding: 415,
    MisdirectedRequest: 421,
    HeadersTooLarge: 431,
    LetterUndelivered: 500,  # no request meets it: only the command `letters send-test` does
}
"""HTTP has a status of its own for these."""
CONTRACT = {
    UnknownAccount: Override(404, "User Not found."),
    WrongPassword: Override(401, "Invalid Password!"),
    UsernameTaken: Override(400),
    EmailTaken: Override(400),
    TokenRequired: Override(403),
    RefreshTokenMissing: Override(403, "Refresh Token is required!"),
    RefreshTokenUnknown: Override(403, "Refresh token is not in database!"),
    RefreshTokenExpired: Override(403, "Refresh token was expired. Please make a new signin request"),
    KeptTokenReused: Override(403),
}
"""The answers that the tutorial's clients expect. They are repeated here, independent of the code."""


def everywhere(of: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for kind in of.__subclasses__():
        yield kind
        yield from everywhere(kind)


def leaves() -> Iterator[type[DomainError]]:
    return (kind for kind in everywhere() if kind.__module__.startswith(HOMES))


@pytest.mark.parametrize("kind", list(leaves()), ids=lambda kind: kind.__name__)
def test_every_refusal_has_the_status_of_its_family_or_one_of_its_own(kind: type[DomainError]) -> None:
    expected = next(status for each, status in (EXCEPTIONS | FAMILIES).items() if issubclass(kind, each))
    assert STANDARD.status(kind) == expected
    assert STANDARD.override(kind) is None


def test_the_dialects_differ_in_what_the_contract_says_and_in_nothing_else() -> None:
    differing = {kind: override for kind in leaves() if (override := TUTORIAL.override(kind)) is not None}
    assert differing == CONTRACT
    assert DIALECTS["standard"] == Dialect()
    assert not Dialect().lenient_paths
    assert not Dialect().bare_tokens
    assert not Dialect().kept_refresh_tokens
    assert Dialect().cors_origins == set()
    assert DIALECTS["tutorial"].cors_origins == {"http://localhost:8081"}


def test_every_dialect_can_be_set() -> None:
    assert set(get_args(get_type_hints(Settings)["dialect"])) == set(DIALECTS)
    assert set(get_args(get_type_hints(HttpConfig)["dialect"])) == set(DIALECTS)


def test_the_refusal_of_a_long_address_names_the_limit() -> None:
    assert str(MAX_TARGET_BYTES) in TargetTooLong.text


def test_every_refusal_is_defined_in_one_of_the_two_places_and_imported_from_there() -> None:
    assert app.ROUTES, "importing the routes defines every refusal"
    ours = [kind for kind in everywhere() if kind.__module__.startswith(OURS)]
    assert {kind.__module__ for kind in ours if not kind.__module__.startswith(HOMES)} == set()
    assert all(getattr(errors, kind.__name__) is kind for kind in ours if kind.__module__ != refusals.__name__)


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
def test_the_problem_names_the_member_that_is_wrong(
    kind: type[msgspec.Struct], body: bytes, field: str, message: str
) -> None:
    """HT-13."""
    with pytest.raises(msgspec.ValidationError) as refusal:
        msgspec.json.decode(body, type=kind)
    assert body_error(str(refusal.value)) == {"field": field, "message": message}


@pytest.mark.parametrize("message", ["Invalid enum value 'hunter2' - at `$.kind`", "Invalid value 'hunter2'"])
def test_a_value_that_was_sent_is_never_repeated(message: str) -> None:
    """HT-13."""
    assert "hunter2" not in str(body_error(message))
