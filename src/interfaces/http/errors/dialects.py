"""The only place where the dialects differ: some statuses and texts, and the origins that may call by CORS."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from doorward.domain.errors import DomainError, EmailTaken, UnknownAccount, UsernameTaken, WrongPassword
from doorward.interfaces.http.errors.refusals import TokenRequired


@dataclass(frozen=True, slots=True)
class Override:
    """Replaces the standard status of a refusal and, if `text` is given, the refusal's own text."""

    status: int
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How the answers of one kind of clients differ from the standard."""

    overrides: Mapping[type[DomainError], Override] = field(default_factory=dict)
    """The override of each refusal class."""

    cors_origins: frozenset[str] = frozenset()
    """Origins that are allowed in addition to those of the settings."""


DIALECTS: Mapping[str, Dialect] = {
    "standard": Dialect(),
    "tutorial": Dialect(
        overrides={
            UnknownAccount: Override(404, "User Not found."),
            WrongPassword: Override(401, "Invalid Password!"),
            UsernameTaken: Override(400),
            EmailTaken: Override(400),
            TokenRequired: Override(403),
        },
        cors_origins=frozenset({"http://localhost:8081"}),
    ),
}
"""The dialect of each value of the setting DOORWARD_DIALECT."""
