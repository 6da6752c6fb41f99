"""The responses of the OpenAPI document that are problems: for each route every status, with an example for each code.

Nothing is declared twice. What a route may refuse follows from its `opt` (who may use it, which refusals its use case
has), its method, its parameters and its body, and from what every route may refuse.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, Final, final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from msgspec import UNSET, Meta, UnsetType

from doorward.domain.access.decision import Requirement
from doorward.domain.accounts.password import MAX_PASSWORD_CHARACTERS, SERVICE_NAME, Password, PasswordPolicy
from doorward.domain.errors import (
    DomainError,
    InvalidClient,
    InvalidToken,
    PasswordRefused,
    RoleRequired,
    RoleUnknown,
    StorageUnavailable,
    TooManyRequests,
    TransactionConflict,
)
from doorward.interfaces.http.edge.body import FORM_ROUTES
from doorward.interfaces.http.errors.answers import ErrorAnswers
from doorward.interfaces.http.errors.problems import PROBLEM_MEDIA_TYPE, oauth_error, problem_body
from doorward.interfaces.http.errors.refusals import (
    AmbiguousToken,
    BodyIncomplete,
    BodyNotAllowed,
    BodyTooLarge,
    BodyTooSlow,
    CredentialsInQuery,
    CrossSiteRequest,
    HeadersTooLarge,
    InternalError,
    InvalidContentLength,
    InvalidFormBody,
    InvalidHost,
    InvalidJsonBody,
    InvalidQuery,
    InvalidTarget,
    JsonBodyRequired,
    Malformed,
    MisdirectedRequest,
    PathMissing,
    RepeatedHeader,
    TargetTooLong,
    TokenRequired,
    UnsupportedContentEncoding,
    UnsupportedTransferCoding,
)
from doorward.interfaces.http.security.access import ACCESS, SERVICE
from doorward.interfaces.http.security.cross_site import READ_ONLY_METHODS
from doorward.interfaces.http.security.request_limits import limit_of

Schema = dict[str, Any]

EXAMPLE_REQUEST_ID: Final = "0198c2f4c1d97c3e8f6a2b5d4e7f9a10"
TEXT: Final[Schema] = {"schema": {"type": "string"}}
RESPONSE_HEADERS: Final[Schema] = {"X-Request-Id": {"description": "Names this request in the log.", **TEXT}}
"""Headers of every response."""

HEADER_BY_STATUS: Final = {401: "WWW-Authenticate", 403: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}
SHARED_STATUSES: Final = frozenset({401, 408, 413, 414, 415, 421, 431, 500, 503})
"""Statuses whose responses are components of the document, since many operations have the same."""

EVERY_REQUEST: Final = (
    InvalidHost,
    MisdirectedRequest,
    RepeatedHeader,
    InvalidContentLength,
    HeadersTooLarge,
    TargetTooLong,
    InvalidQuery,
    InvalidTarget,
    CredentialsInQuery,
    InternalError,
)
REQUESTS_WITH_BODY: Final = (
    BodyTooSlow,
    BodyTooLarge,
    BodyIncomplete,
    UnsupportedContentEncoding,
    JsonBodyRequired,
    InvalidJsonBody,
    UnsupportedTransferCoding,
)
REQUESTS_WITHOUT_BODY: Final = (BodyNotAllowed, BodyTooSlow, BodyTooLarge, BodyIncomplete)
"""The refusals of the edge by kind of request, with the answer to a route that fails."""


class FieldProblem(msgspec.Struct, frozen=True, kw_only=True):
    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """RFC 9457. `code` never changes; `message` repeats `detail`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    message: str
    request_id: str
    errors: list[FieldProblem] | UnsetType = UNSET
    access_token: UnsetType | None = UNSET
    error: Annotated[str, Meta(description="RFC 6749, section 5.2. Only on the routes for services.")] | UnsetType = (
        UNSET
    )


@final
@dataclass(frozen=True, slots=True)
class Problems:
    """Describes the refusals of routes. Responses that many operations have are collected in `shared`."""

    error_answers: ErrorAnswers
    texts: Mapping[type[DomainError], str]
    """An example text for each refusal class that has no text of its own."""

    shared: dict[str, Schema] = field(default_factory=dict)

    def responses(self, route: HTTPRoute, handler: HTTPRouteHandler, *, takes_input: bool) -> Schema:
        """Return the responses of a route that are problems, by status."""
        texts_by_status: dict[int, dict[str, str]] = defaultdict(dict)
        edge = ((refusal, None) for refusal in edge_refusals(route, handler))
        for refusal, text in (*edge, *declared_refusals(handler, takes_input=takes_input)):
            override = self.error_answers.override(refusal)
            texts_by_status[self.error_answers.status(refusal)][refusal.code] = (
                (override and override.text) or text or self.texts.get(refusal, refusal.text)
            )
        path = route.path.encode()
        return {
            str(status): self.response(status, codes, oauth_error(path, status))
            for status, codes in sorted(texts_by_status.items())
        }

    def response(self, status: int, codes: Mapping[str, str], members: Mapping[str, Any]) -> Schema:
        """Return one response, or the reference to it if it is shared."""
        if status not in SHARED_STATUSES:
            return problem_response(status, codes, members)
        name = "_".join([*sorted(codes), *members])
        self.shared[name] = problem_response(status, codes, members)
        return {"$ref": f"#/components/responses/{name}"}


def example_texts(policy: PasswordPolicy) -> Mapping[type[DomainError], str]:
    """Return an example text for each refusal class whose text is written where it is raised."""
    raised: list[DomainError] = [RoleUnknown("boss")]
    for refused in ("", "x" * (MAX_PASSWORD_CHARACTERS + 1), SERVICE_NAME.ljust(policy.min_characters, "x")):
        try:
            policy.check(Password.typed(refused), ())
        except PasswordRefused as refusal:
            raised.append(refusal)
    return {type(refusal): str(refusal) for refusal in raised}


def declared_refusals(
    handler: HTTPRouteHandler, *, takes_input: bool
) -> Iterable[tuple[type[DomainError], str | None]]:
    """Return the refusals of storage, guard, decoder and use case, each with its text if that
    depends on the route."""
    access = handler.opt[ACCESS]
    yield StorageUnavailable, None
    if handler.http_methods.isdisjoint(READ_ONLY_METHODS):
        yield TransactionConflict, None
    if isinstance(access, Requirement):
        for refusal in (TokenRequired, InvalidToken, AmbiguousToken):
            yield refusal, None
        if handler.http_methods.isdisjoint(READ_ONLY_METHODS):
            yield CrossSiteRequest, None
        if access.any_of:
            yield RoleRequired, str(access)
    if access is SERVICE:
        yield InvalidClient, None
    if takes_input:
        yield Malformed, None
    if limit_of(handler) is not None:
        yield TooManyRequests, None
    for refusal in handler.opt.get("refusals", ()):
        yield refusal, None


def edge_refusals(route: HTTPRoute, handler: HTTPRouteHandler) -> Iterable[type[DomainError]]:
    """Return the refusals of the edge for requests to this route."""
    yield from EVERY_REQUEST
    yield from REQUESTS_WITHOUT_BODY if handler.http_methods == {"GET"} else REQUESTS_WITH_BODY
    if route.path.encode() in FORM_ROUTES:
        yield InvalidFormBody
    if route.path_parameters:
        yield PathMissing


def problem_response(status: int, codes: Mapping[str, str], members: Mapping[str, Any]) -> Schema:
    """Return the response with that status, with an example for each of the `codes`, which are mapped to texts."""
    headers = dict(RESPONSE_HEADERS)
    if status in HEADER_BY_STATUS:
        headers[HEADER_BY_STATUS[status]] = TEXT
    examples = {
        code: {"value": msgspec.json.decode(problem_body(status, code, text, EXAMPLE_REQUEST_ID, **members))}
        for code, text in codes.items()
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {PROBLEM_MEDIA_TYPE: {"schema": schema, "examples": examples}}
    return {"description": HTTPStatus(status).phrase, "headers": headers, "content": content}
