"""The refusals that only the wire knows: what a request can get wrong before there is a use case to ask.

All others are in `domain/errors.py`; their families are these ones' families, too.
"""

from doorward.domain.errors import Invalid, Missing, Unavailable

FieldErrors = tuple[dict[str, str], ...]
"""Each has `field` and `message`."""


class Malformed(Invalid):
    """The request does not have the shape that the document promises; `errors` says where."""

    code = "validation_failed"
    text = "The request does not have the expected form."

    def __init__(self, errors: FieldErrors = ()) -> None:
        super().__init__()
        self.errors = errors


class AmbiguousToken(Invalid):
    """RFC 6750, sections 2 and 3.1: more than one token, and they differ."""

    code = "invalid_request"
    text = "Send one token, once."


class JsonRequired(Invalid):
    """A request by cookie that is not said to be JSON. The edge, which knows bodies only, says the same of those."""

    code = "unsupported_media_type"
    text = "Send the body as application/json."


class RouteMissing(Missing):
    """An admin asks for an explanation of a route that there is not."""

    code = "route_not_found"
    text = "Nothing answers this method on this path."


class NotReady(Unavailable):
    """The database does not hold what it should, or not in time, or there is no key to sign with."""

    code = "not_ready"
    text = "The service cannot work just now."
