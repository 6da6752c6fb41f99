"""The one place where the dialects differ: what a refusal's family does not decide, and whose pages may call."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from doorward.domain.errors import DomainError, EmailTaken, TokenRequired, UnknownAccount, UsernameTaken, WrongPassword


@dataclass(frozen=True, slots=True)
class Answer:
    """In place of the family's status and, if given, of the refusal's own text."""

    status: int
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    answers: Mapping[type[DomainError], Answer] = field(default_factory=dict)
    """By refusal class."""

    cors_origins: frozenset[str] = frozenset()
    """Beside those of the settings."""


DIALECTS: Mapping[str, Dialect] = {
    "standard": Dialect(),
    "tutorial": Dialect(
        answers={
            UnknownAccount: Answer(404, "User Not found."),
            WrongPassword: Answer(401, "Invalid Password!"),
            UsernameTaken: Answer(400),
            EmailTaken: Answer(400),
            TokenRequired: Answer(403),
        },
        cors_origins=frozenset({"http://localhost:8081"}),
    ),
}
"""By the values that the setting DIALECT can have."""
