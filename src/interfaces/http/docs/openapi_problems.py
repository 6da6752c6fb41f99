"""What the OpenAPI document says of refusals: every status that an operation can give, with every code."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, Final, final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from msgspec import Meta

from doorward.domain.access.decision import Requirement
from doorward.domain.accounts.password import LONGEST, SERVICE, Password, PasswordPolicy
from doorward.domain.errors import (
    CrossSiteRequest,
    DomainError,
    InvalidClient,
    InvalidToken,
    PasswordRefused,
    RoleRequired,
    RoleUnknown,
    StorageUnavailable,
    TokenRequired,
)
from doorward.interfaces.http.edge.body import ENCODED, FORM_ROUTES, INCOMPLETE, NOT_JSON, TOO_LARGE, TOO_SLOW
from doorward.interfaces.http.edge.edge import SURPRISE
from doorward.interfaces.http.edge.hosts import INVALID_HOST, MISDIRECTED
from doorward.interfaces.http.edge.request_headers import BODY_NOT_ALLOWED, INVALID_LENGTH, REPEATED, UNKNOWN_CODING
from doorward.interfaces.http.edge.request_headers import TOO_LARGE as HEAD_TOO_LARGE
from doorward.interfaces.http.edge.request_target import INVALID_QUERY, NO_SUCH_PATH, SECRET_IN_QUERY, TOO_LONG
from doorward.interfaces.http.errors.errors import Refusals
from doorward.interfaces.http.errors.problems import MEDIA_TYPE, Refusal, oauth_error, problem_body
from doorward.interfaces.http.errors.refusals import AmbiguousToken, Malformed
from doorward.interfaces.http.security.cross_site import READ_ONLY
from doorward.interfaces.http.security.guard import ACCESS
from doorward.interfaces.http.security.guard import SERVICE as FOR_SERVICES

Schema = dict[str, Any]

EXAMPLE_ID: Final = "0198c2f4c1d97c3e8f6a2b5d4e7f9a10"
PROBLEM_SCHEMA: Final = {"$ref": "#/components/schemas/Problem"}

OF_ANY: Final = (
    INVALID_HOST,
    MISDIRECTED,
    REPEATED,
    INVALID_LENGTH,
    HEAD_TOO_LARGE,
    TOO_LONG,
    INVALID_QUERY,
    SECRET_IN_QUERY,
    SURPRISE,
)
UNREADABLE_FORM: Final = Refusal(400, "invalid_form", "A member is given twice.")
UNREADABLE: Final = Refusal(400, "invalid_json", "The body is not valid JSON.")
OF_BODIES: Final = (TOO_SLOW, TOO_LARGE, INCOMPLETE, ENCODED, NOT_JSON, UNREADABLE, UNKNOWN_CODING)
OF_NO_BODIES: Final = (BODY_NOT_ALLOWED, TOO_SLOW, TOO_LARGE, INCOMPLETE)
"""What the edge answers before a route is reached, or when one breaks."""

HEADERS: Final[Schema] = {
    "X-Request-Id": {"description": "Names this request in the log.", "schema": {"type": "string"}},
}

CHALLENGED: Final = {401: "WWW-Authenticate", 403: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}
SHARED: Final = frozenset({401, 408, 413, 414, 415, 421, 431, 500, 503})
"""Said once, for all operations."""


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
    errors: list[FieldProblem] | msgspec.UnsetType = msgspec.UNSET
    access_token: msgspec.UnsetType | None = msgspec.UNSET
    error: Annotated[str, Meta(description="RFC 6749, section 5.2; told to services.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )


@final
@dataclass(frozen=True, slots=True)
class Problems:
    """Collects what is said of refusals; `shared` goes into the document's components."""

    refusals: Refusals
    samples: Mapping[type[DomainError], str]
    """Texts where the class has none of its own."""

    shared: dict[str, Schema] = field(default_factory=dict)

    def of(self, route: HTTPRoute, handler: HTTPRouteHandler, *, takes_input: bool) -> Schema:
        found: dict[int, dict[str, str]] = defaultdict(dict)
        for refused in edge_refusals(route, handler):
            found[refused.status][refused.code] = refused.detail
        for refusal, text in declared(handler, takes_input=takes_input):
            answer = self.refusals.answer(refusal)
            found[answer.status][refusal.code] = answer.text or text or self.samples.get(refusal, refusal.text)
        path = route.path.encode()
        return {
            str(status): self.response(status, codes, oauth_error(path, status))
            for status, codes in sorted(found.items())
        }

    def response(self, status: int, codes: Mapping[str, str], members: Mapping[str, Any]) -> Schema:
        if status not in SHARED:
            return problem_response(status, codes, members)
        name = "_".join([*codes, *members])
        self.shared[name] = problem_response(status, codes, members)
        return {"$ref": f"#/components/responses/{name}"}


def samples(policy: PasswordPolicy) -> Mapping[type[DomainError], str]:
    """How refusals are worded that get their text where they are raised."""
    provoked: list[DomainError] = [RoleUnknown("boss")]
    for refused in ("", "x" * (LONGEST + 1), SERVICE.ljust(policy.shortest, "x")):
        try:
            policy.check(Password.typed(refused), ())
        except PasswordRefused as refusal:
            provoked.append(refusal)
    return {type(refusal): str(refusal) for refusal in provoked}


def declared(handler: HTTPRouteHandler, *, takes_input: bool) -> Iterable[tuple[type[DomainError], str | None]]:
    """The refusals of guard, decoder and use case, and what the guard says where it depends on the route."""
    access = handler.opt[ACCESS]
    if isinstance(access, Requirement):
        for refusal in (TokenRequired, InvalidToken, AmbiguousToken, StorageUnavailable):
            yield refusal, None
        if handler.http_methods.isdisjoint(READ_ONLY):
            yield CrossSiteRequest, None
        if access.any_of:
            yield RoleRequired, str(access)
    if access is FOR_SERVICES:
        yield InvalidClient, None
    if takes_input:
        yield Malformed, None
    for refusal in handler.opt.get("refusals", ()):
        yield refusal, None


def edge_refusals(route: HTTPRoute, handler: HTTPRouteHandler) -> Iterable[Refusal]:
    yield from OF_ANY
    yield from OF_NO_BODIES if handler.http_methods == {"GET"} else OF_BODIES
    if route.path.encode() in FORM_ROUTES:
        yield UNREADABLE_FORM
    if route.path_parameters:
        yield NO_SUCH_PATH


def problem_response(status: int, codes: Mapping[str, str], members: Mapping[str, Any]) -> Schema:
    headers = dict(HEADERS)
    if status in CHALLENGED:
        headers[CHALLENGED[status]] = {"schema": {"type": "string"}}
    examples = {
        code: {"value": msgspec.json.decode(problem_body(status, code, text, EXAMPLE_ID, **members))}
        for code, text in codes.items()
    }
    content = {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA, "examples": examples}}
    return {"description": HTTPStatus(status).phrase, "headers": headers, "content": content}
