"""The only place where refusals become HTTP answers, both those of the edge and those of the application."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeVar, final

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap, HTTPScope

from doorward.domain.errors import (
    Conflict,
    DomainError,
    EmailNotVerified,
    Forbidden,
    Invalid,
    InvalidClient,
    InvalidCode,
    InvalidCredentials,
    InvalidRefreshToken,
    InvalidToken,
    Missing,
    RefreshRepeatedTooOften,
    RefreshTokenReused,
    RoleRequired,
    Throttled,
    TooManyAttempts,
    Unauthenticated,
    Unavailable,
)
from doorward.interfaces.http.errors.dialects import Dialect, Override
from doorward.interfaces.http.errors.field_errors import field_errors, parameter_error
from doorward.interfaces.http.errors.problems import PROBLEM_MEDIA_TYPE, oauth_error, problem_body
from doorward.interfaces.http.errors.refusals import (
    AmbiguousToken,
    BodyIncomplete,
    BodyNotAllowed,
    BodyTooLarge,
    BodyTooSlow,
    HeadersTooLarge,
    InvalidContentLength,
    InvalidHost,
    InvalidTarget,
    JsonBodyRequired,
    JsonOrFormBodyRequired,
    JsonRequired,
    Malformed,
    MisdirectedRequest,
    RepeatedHeader,
    TargetTooLong,
    UnsupportedContentEncoding,
    UnsupportedTransferCoding,
)
from doorward.interfaces.http.metrics import count_refresh, count_sign_in

Entry = TypeVar("Entry")


@final
@dataclass(frozen=True, slots=True)
class Rule:
    """How the refusals of one class or family are answered."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, None] = field(default_factory=dict)
    """Additional members of the body."""


def challenge(text: str) -> Mapping[str, str]:
    """Return the header that names the way to authenticate (RFC 6750, section 3; RFC 7617, section 2)."""
    return {"WWW-Authenticate": text}


CLOSE_CONNECTION: Final[Mapping[str, str]] = {"Connection": "close"}
"""Ends the connection, because the rest of the request is not read or its end is unknown."""

RULES: Final[Mapping[type[DomainError], Rule]] = {
    # families
    DomainError: Rule(500),
    Invalid: Rule(400),
    Unauthenticated: Rule(401, challenge("Bearer")),
    Forbidden: Rule(403),
    Missing: Rule(404),
    Conflict: Rule(409),
    Throttled: Rule(429),
    Unavailable: Rule(503),
    # tokens, roles and clients
    # the tutorial's clients read the member accessToken
    InvalidCredentials: Rule(401, challenge("Bearer"), {"accessToken": None}),
    InvalidToken: Rule(401, challenge('Bearer error="invalid_token"')),
    AmbiguousToken: Rule(400, challenge('Bearer error="invalid_request"')),
    RoleRequired: Rule(403, challenge('Bearer error="insufficient_scope"')),
    InvalidClient: Rule(401, challenge('Basic realm="doorward", charset="UTF-8"')),
    # the request line and the headers
    TargetTooLong: Rule(414, CLOSE_CONNECTION),
    HeadersTooLarge: Rule(431, CLOSE_CONNECTION),
    RepeatedHeader: Rule(400, CLOSE_CONNECTION),
    InvalidTarget: Rule(400, CLOSE_CONNECTION),
    InvalidHost: Rule(400, CLOSE_CONNECTION),
    MisdirectedRequest: Rule(421, CLOSE_CONNECTION),
    InvalidContentLength: Rule(400, CLOSE_CONNECTION),
    UnsupportedTransferCoding: Rule(400, CLOSE_CONNECTION),
    # the body
    BodyNotAllowed: Rule(400, CLOSE_CONNECTION),
    BodyTooLarge: Rule(413, CLOSE_CONNECTION),
    BodyTooSlow: Rule(408, CLOSE_CONNECTION),
    BodyIncomplete: Rule(400, CLOSE_CONNECTION),
    UnsupportedContentEncoding: Rule(415, {"Accept-Encoding": "identity"}),
    JsonRequired: Rule(415),
    JsonBodyRequired: Rule(415, {"Accept-Post": "application/json"}),
    JsonOrFormBodyRequired: Rule(415, {"Accept-Post": "application/json, application/x-www-form-urlencoded"}),
}
"""The rule of each refusal class. A refusal without one has the rule of the nearest class that it inherits from."""

COUNTERS: Final[Mapping[type[DomainError], Callable[[], None]]] = {
    InvalidCode: partial(count_sign_in, "refused"),
    InvalidCredentials: partial(count_sign_in, "refused"),
    EmailNotVerified: partial(count_sign_in, "refused"),
    TooManyAttempts: partial(count_sign_in, "limited"),
    InvalidRefreshToken: partial(count_refresh, "refused"),
    RefreshTokenReused: partial(count_refresh, "reused"),
    RefreshRepeatedTooOften: partial(count_refresh, "limited"),
}
"""The function that counts a refusal in the metrics."""


@final
@dataclass(frozen=True, slots=True)
class Answer:
    """An error answer: a problem in JSON."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@final
@dataclass(frozen=True, slots=True)
class ErrorAnswers:
    """Turns refusals, and what Litestar itself refuses, into answers in one dialect."""

    dialect: Dialect

    def answer(self, error: DomainError | HTTPException, scope: HTTPScope) -> Answer:
        """Return the answer to the request of `scope`. Raise the error itself if it is a server error
        of Litestar."""
        if isinstance(error, HTTPException):
            return http_exception_answer(error, scope)
        kind = type(error)
        count = nearest(COUNTERS, kind)
        if count is not None:
            count()
        rule, override = rule_of(kind), self.override(kind)
        return problem_answer(
            scope,
            self.status(kind),
            error.code,
            (override and override.text) or str(error),
            {**rule.headers, **retry_after(error)},
            errors=field_errors(error, route_opt(scope)),
            **rule.members,
        )

    def status(self, kind: type[DomainError]) -> int:
        """Return the status of a refusal class in this dialect."""
        override = self.override(kind)
        return override.status if override else rule_of(kind).status

    def override(self, kind: type[DomainError]) -> Override | None:
        """Return how this dialect differs from the standard for a refusal class."""
        return nearest(self.dialect.overrides, kind)

    def exception_handlers(self) -> ExceptionHandlersMap:
        """Return handlers for the exceptions that Litestar catches: those under a route's own middleware."""
        return {Unavailable: reraise, DomainError: self._handle, HTTPException: self._handle, Exception: reraise}

    def _handle(self, request: Request[Any, Any, Any], error: DomainError | HTTPException) -> Response[bytes]:
        answer = self.answer(error, request.scope)
        return Response(answer.body, status_code=answer.status, media_type=PROBLEM_MEDIA_TYPE, headers=answer.headers)


def nearest(table: Mapping[type[DomainError], Entry], kind: type[DomainError]) -> Entry | None:
    """Return the entry of a refusal class, or of the nearest class that it inherits from."""
    return next((table[each] for each in kind.__mro__ if each in table), None)


def rule_of(kind: type[DomainError]) -> Rule:
    """Return the rule of a refusal class."""
    return nearest(RULES, kind) or RULES[DomainError]


def retry_after(error: DomainError) -> Mapping[str, str]:
    """Return the `Retry-After` header in seconds (RFC 9110, section 10.2.3), or no header."""
    return {"Retry-After": str(error.retry_after)} if isinstance(error, Throttled | Unavailable) else {}


def http_exception_answer(exception: HTTPException, scope: HTTPScope) -> Answer:
    """Return the answer to what Litestar itself refuses, such as an unknown path or an invalid parameter. Raise the
    exception if it is a server error."""
    status = exception.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise exception
    if isinstance(exception, ValidationException):
        extra: Sequence[Any] = exception.extra if isinstance(exception.extra, list) else ()
        errors = tuple(parameter_error(scope["route_handler"], entry) for entry in extra)
        return problem_answer(scope, status, Malformed.code, Malformed.text, {}, errors=errors)
    phrase = HTTPStatus(status).phrase
    return problem_answer(scope, status, phrase.lower().replace(" ", "_"), f"{phrase}.", exception.headers or {})


def problem_answer(
    scope: HTTPScope, status: int, code: str, detail: str, headers: Mapping[str, str], **members: Any
) -> Answer:
    """Return the problem as the answer to the request of `scope`. `members` are additional members of its body."""
    request_id = scope["state"].get("request_id", "")
    error = oauth_error(scope["raw_path"], status)
    return Answer(status, headers, problem_body(status, code, detail, request_id, **members, **error))


def route_opt(scope: HTTPScope) -> Mapping[str, Any]:
    """Return the `opt` of the matched route, or nothing before a route is matched."""
    handler: Any = scope.get("route_handler")
    return handler.opt if handler is not None else {}


def reraise(_: Request[Any, Any, Any], exception: Exception) -> Response[bytes]:
    """Raise the exception again. The edge logs it, and answers 503 if it is Unavailable and 500 otherwise."""
    raise exception
