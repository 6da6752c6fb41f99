"""The one place where refusals become HTTP answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeVar, final

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ASGIApp, ExceptionHandlersMap, Receive, Scope, Send

from doorward.domain.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    InvalidClient,
    InvalidCredentials,
    InvalidRefreshToken,
    InvalidToken,
    Missing,
    RefreshTokenReused,
    RoleRequired,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from doorward.interfaces.http.errors.dialects import Answer, Dialect
from doorward.interfaces.http.errors.problems import MEDIA_TYPE, oauth_error, problem_body
from doorward.interfaces.http.errors.refusals import AmbiguousToken, FieldErrors, JsonRequired, Malformed
from doorward.interfaces.http.operations.metrics import count_refresh, count_sign_in
from doorward.interfaces.http.request import LONGEST_SHOWN, discreet

STATUS: Final[Mapping[type[DomainError], int]] = {
    JsonRequired: 415,
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    Missing: 404,
    Conflict: 409,
    Throttled: 429,
    Unavailable: 503,
}

CHALLENGE: Final[Mapping[type[DomainError], str]] = {
    AmbiguousToken: 'Bearer error="invalid_request"',
    Unauthenticated: "Bearer",
    InvalidToken: 'Bearer error="invalid_token"',
    RoleRequired: 'Bearer error="insufficient_scope"',
    InvalidClient: 'Basic realm="doorward", charset="UTF-8"',
}
"""RFC 6750, section 3, and RFC 7617, section 2."""

MEMBERS: Final[Mapping[type[DomainError], Mapping[str, None]]] = {InvalidCredentials: {"accessToken": None}}
"""What else an answer says: the tutorial's clients look for this one."""

COUNTED: Final[Mapping[type[DomainError], Callable[[], None]]] = {
    InvalidCredentials: partial(count_sign_in, "refused"),
    InvalidRefreshToken: partial(count_refresh, "refused"),
    RefreshTokenReused: partial(count_refresh, "reused"),
}

FIELDS: Final = "fields"
"""The key in a route's `opt` of what it calls the fields that refusals name."""

OUR_OWN: Final = 500

AnyRequest = Request[Any, Any, Any]
Problem = Response[bytes]
V = TypeVar("V")


@final
@dataclass(frozen=True, slots=True)
class Refusals:
    """How refusals are worded in one dialect."""

    dialect: Dialect

    def handlers(self) -> ExceptionHandlersMap:
        return {
            DomainError: self.on_refusal,
            HTTPException: on_http_exception,
            Exception: on_surprise,
        }

    def around(self, app: ASGIApp) -> ASGIApp:
        """What Litestar's own layer against exceptions does, without the two calls that it puts around every message
        of every answer."""

        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await app(scope, receive, send)
            except (DomainError, HTTPException) as error:
                request = Request[Any, Any, Any](scope, receive, send)
                answer = (
                    self.on_refusal(request, error)
                    if isinstance(error, DomainError)
                    else on_http_exception(request, error)
                )
                await answer.to_asgi_response(None, request)(scope, receive, send)

        return answered

    def answer(self, refusal: type[DomainError]) -> Answer:
        """Status and text by the dialect, or else the status of the family."""
        special = nearest(self.dialect.answers, refusal)
        return special or Answer(nearest(STATUS, refusal) or OUR_OWN)

    def on_refusal(self, request: AnyRequest, refusal: DomainError) -> Problem:
        kind = type(refusal)
        answer = self.answer(kind)
        headers = {}
        if challenge := nearest(CHALLENGE, kind):
            headers["WWW-Authenticate"] = challenge
        if isinstance(refusal, Throttled | Unavailable):
            headers["Retry-After"] = str(refusal.retry_after)
        if count := nearest(COUNTED, kind):
            count()
        return problem(
            request,
            answer.status,
            refusal.code,
            answer.text or str(refusal),
            headers,
            errors=field_errors(request, refusal),
            **(nearest(MEMBERS, kind) or {}),
        )


def nearest(table: Mapping[type[DomainError], V], refusal: type[DomainError]) -> V | None:
    """The entry of the refusal's class, or of the nearest class that it comes from."""
    return next((table[kind] for kind in refusal.__mro__ if kind in table), None)


def field_errors(request: AnyRequest, refusal: DomainError) -> FieldErrors:
    if isinstance(refusal, Malformed):
        return refusal.errors
    if isinstance(refusal, Invalid) and refusal.field is not None:
        published = request.route_handler.opt.get(FIELDS, {}).get(refusal.field, refusal.field)
        return ({"field": published, "message": str(refusal)},)
    return ()


def on_http_exception(request: AnyRequest, exception: HTTPException) -> Problem:
    """What Litestar itself refuses: no such path or method, a parameter of the wrong form."""
    status = exception.status_code
    if status >= OUR_OWN:
        raise exception
    if isinstance(exception, ValidationException):
        errors = tuple(parameter_error(request, entry) for entry in exception.extra or ())
        return problem(request, status, Malformed.code, Malformed.text, errors=errors)
    phrase = HTTPStatus(status).phrase
    return problem(request, status, phrase.lower().replace(" ", "_"), f"{phrase}.", exception.headers)


def on_surprise(_: AnyRequest, exception: Exception) -> Problem:
    """Nobody expected this: the edge logs it and answers, without a word of what it was."""
    raise exception


def parameter_error(request: AnyRequest, entry: Any) -> dict[str, str]:
    """One of Litestar's messages about parameters, and about a body that is not there at all."""
    name = str(entry.get("key", ""))
    if name == "data":
        return {"field": "", "message": "A JSON body is required."}
    definition = request.route_handler.parsed_fn_signature.parameters.get(name)
    published = getattr(definition and definition.kwarg_definition, "name", None) or name
    return {"field": published[:LONGEST_SHOWN], "message": discreet(str(entry.get("message", "")))}


def problem(
    request: AnyRequest, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **members: Any
) -> Problem:
    request_id = request.scope["state"].get("request_id", "")
    error = oauth_error(request.scope["raw_path"], status)
    body = problem_body(status, code, detail, request_id, **members, **error)
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)
