"""The one place where the dialects differ: what a refusal's family does not decide, by refusal class."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from domain.errors import DomainError, EmailTaken, TokenRequired, UnknownAccount, UsernameTaken, WrongPassword

Dialect = Literal["standard", "tutorial"]


@dataclass(frozen=True, slots=True)
class Answer:
    """In place of the family's status and, if given, of the refusal's own text."""

    status: int
    text: str | None = None


DIALECTS: Mapping[Dialect, Mapping[type[DomainError], Answer]] = {
    "standard": {},
    "tutorial": {
        UnknownAccount: Answer(404, "User Not found."),
        WrongPassword: Answer(401, "Invalid Password!"),
        UsernameTaken: Answer(400),
        EmailTaken: Answer(400),
        TokenRequired: Answer(403),
    },
}
