"""The only place that says how the dialects differ. `create_app` and `behind_edge` read it when the service is built,
so that no request pays for the dialect that it does not use."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from doorward.domain.errors import (
    DomainError,
    EmailTaken,
    KeptTokenReused,
    RefreshTokenExpired,
    RefreshTokenMissing,
    RefreshTokenUnknown,
    UnknownAccount,
    UsernameTaken,
    WrongPassword,
)
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

    lenient_paths: frozenset[bytes] = frozenset()
    """Paths that a request may write in any case and with a slash at the end. Members of their bodies that are unknown,
    or that are null and may be left out, are ignored."""

    lists_in_forms: Mapping[str, str] = field(default_factory=lambda: {"roles": "roles"})
    """Members of a form that may occur several times, each with the name of the list that they become."""

    bare_tokens: bool = False
    """Whether both headers of an access token may have it with or without `Bearer`."""

    kept_refresh_tokens: bool = False
    """Whether there is `POST /api/auth/refreshtoken`, which does not rotate the refresh token."""


DIALECTS: Mapping[str, Dialect] = {
    "standard": Dialect(),
    "tutorial": Dialect(
        overrides={
            UnknownAccount: Override(404, "User Not found."),
            WrongPassword: Override(401, "Invalid Password!"),
            UsernameTaken: Override(400),
            EmailTaken: Override(400),
            TokenRequired: Override(403),
            RefreshTokenMissing: Override(403, "Refresh Token is required!"),
            RefreshTokenUnknown: Override(403, "Refresh token is not in database!"),
            RefreshTokenExpired: Override(403, "Refresh token was expired. Please make a new signin request"),
            KeptTokenReused: Override(403),
        },
        cors_origins=frozenset({"http://localhost:8081"}),
        lenient_paths=frozenset(
            {
                b"/api/auth/signup",
                b"/api/auth/signin",
                b"/api/auth/signout",
                b"/api/auth/refreshtoken",
                b"/api/test/all",
                b"/api/test/user",
                b"/api/test/mod",
                b"/api/test/admin",
                b"/api/test/staff",
            }
        ),
        lists_in_forms={"roles": "roles", "roles[]": "roles"},
        bare_tokens=True,
        kept_refresh_tokens=True,
    ),
}
"""The dialect of each value of the setting DOORWARD_DIALECT."""
