"""The refusals of the HTTP interface: what is wrong with a request before a use case runs.

All other refusals are in `domain/errors/`. Both share the families, and `answers.py` maps both to answers.
"""

from doorward.domain.errors import DomainError, Forbidden, Invalid, Missing, Unauthenticated, Unavailable

FieldErrors = tuple[dict[str, str], ...]
"""Each has `field` and `message`."""


# --- the request line and the headers ---------------------------------------------------------------


class TargetTooLong(Invalid):
    code = "uri_too_long"
    text = "The address is longer than 8192 bytes."


class InvalidTarget(Invalid):
    """RFC 9112, section 3.2: the target is not in origin form."""

    code = "invalid_target"
    text = "The address in the request line must be a path with an optional query."


class InvalidHost(Invalid):
    code = "invalid_host"
    text = "Send one Host header with the name of this service."


class MisdirectedRequest(Invalid):
    """RFC 9110, section 7.4: the Host header names another service."""

    code = "misdirected_request"
    text = "This service does not answer to that name."


class HeadersTooLarge(Invalid):
    """The text may name the header and the limit."""

    code = "headers_too_large"
    text = "There are too many headers, or they are too large."


class RepeatedHeader(Invalid):
    code = "repeated_header"
    text = "A header that may occur only once occurs more than once."


class InvalidContentLength(Invalid):
    code = "invalid_content_length"
    text = "The Content-Length is not a number."


class UnsupportedTransferCoding(Invalid):
    code = "unsupported_transfer_coding"
    text = "The only supported transfer coding is chunked."


class InvalidQuery(Invalid):
    """The text may name the limit."""

    code = "invalid_query"
    text = "The query is not well-formed, or names a parameter twice."


class CredentialsInQuery(Invalid):
    code = "credentials_in_query"
    text = "Credentials and tokens must not be in the address. Send them in the body or in a header."


class PathMissing(Missing):
    """No route has this path."""

    code = "not_found"
    text = "Not Found."


# --- the body ---------------------------------------------------------------------------------------


class BodyNotAllowed(Invalid):
    """RFC 9110, section 9.3.1: a request with this method has no content."""

    code = "body_not_allowed"
    text = "A request with this method has no body."


class BodyTooLarge(Invalid):
    code = "body_too_large"
    text = "The body is too large."


class BodyTooSlow(Invalid):
    code = "body_too_slow"
    text = "The body did not arrive in time."


class BodyIncomplete(Invalid):
    code = "incomplete_body"
    text = "The body is incomplete or its chunks are malformed."


class UnsupportedContentEncoding(Invalid):
    code = "unsupported_content_encoding"
    text = "Send the body as it is, not compressed."


class JsonRequired(Invalid):
    """A request with a token in a cookie does not declare JSON."""

    code = "unsupported_media_type"
    text = "Send the body as application/json."


class JsonBodyRequired(JsonRequired):
    """The body has another media type than JSON."""


class JsonOrFormBodyRequired(JsonRequired):
    """The body has another media type than JSON or, on this route, a form."""


class InvalidJsonBody(Invalid):
    """The text gives the reason."""

    code = "invalid_json"
    text = "The body is not valid JSON."


class InvalidFormBody(Invalid):
    """The text gives the reason."""

    code = "invalid_form"
    text = "A member is given twice."


class Malformed(Invalid):
    """The request does not have the shape that the OpenAPI document describes. `errors` names
    the wrong members."""

    code = "validation_failed"
    text = "The request does not have the expected form."

    def __init__(self, errors: FieldErrors = ()) -> None:
        super().__init__()
        self.errors = errors


# --- tokens and cookies -----------------------------------------------------------------------------


class TokenRequired(Unauthenticated):
    code = "token_required"
    text = "No token provided!"


class AmbiguousToken(Invalid):
    """RFC 6750, sections 2 and 3.1: the request has several tokens, and they differ."""

    code = "invalid_request"
    text = "Send one token, once."


class CrossSiteRequest(Forbidden):
    """A request with a cookie changes something and comes from a page of a foreign origin."""

    code = "cross_site_request"
    text = "With cookies, requests that change something need an Origin of DOORWARD_CORS_ORIGINS, or the service's own."


# --- operations -------------------------------------------------------------------------------------


class RouteMissing(Missing):
    """An admin asks for an explanation of a route that does not exist."""

    code = "route_not_found"
    text = "No route has this method and this path."


class NotReady(Unavailable):
    """The database does not answer in time, cannot be written or lacks a migration, or there is no signing key."""

    code = "not_ready"
    text = "The service is not ready."


class Draining(Unavailable):
    """The process got the signal to stop, and waits until proxies send it no more requests."""

    code = "draining"
    text = "The service is about to stop here. Send requests to another node."


class NotStarted(Unavailable):
    """Another program has mounted the service and has not started it."""

    code = "not_started"
    text = "The service has not been started."


class TooManyLargeAnswers(Unavailable):
    """A large answer is refused before its first byte, because too many bytes wait for clients that read slowly."""

    code = "too_many_large_answers"
    text = "Too many large answers wait for clients that read slowly; try again in a moment."


class InternalError(DomainError):
    """An unexpected exception. The client gets no details."""

    code = "internal_error"
    text = "Something went wrong. The log says what, under the id of this request."
