"""What the head of a request must look like, whatever it asks for."""

from collections.abc import Mapping, Sequence
from random import getrandbits
from typing import Final

from litestar.types import HTTPScope

from doorward.interfaces.http.edge.hosts import INVALID_HOST
from doorward.interfaces.http.errors.problems import Refusal

MOST_HEADERS: Final = 100
LARGEST_HEAD: Final = 65_536
"""Bytes of all header names and values."""

ID_CHARACTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
SHORTEST_ID: Final = 8
LONGEST_ID: Final = 64
LONGEST_LENGTH: Final = 18
"""Digits of a Content-Length."""

WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ONCE: Final = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"host",
        b"origin",
        b"transfer-encoding",
        b"x-access-token",
    }
)

TOO_LARGE: Final = Refusal(431, "headers_too_large", "The headers are too many or too large.", closes=True)
REPEATED: Final = Refusal(400, "repeated_header", "A header that may come once came more than once.", closes=True)
INVALID_LENGTH: Final = Refusal(400, "invalid_content_length", "The Content-Length is no number.", closes=True)
UNKNOWN_CODING: Final = Refusal(
    400, "unsupported_transfer_coding", "Of transfer codings only chunked is understood.", closes=True
)
BODY_NOT_ALLOWED: Final = Refusal(400, "body_not_allowed", "A request with this method has no body.", closes=True)

Header = tuple[bytes, bytes]
Headers = Sequence[Header]
Fields = Mapping[bytes, bytes]
"""Headers by name; of those that came more than once, the last."""

FIELDS: Final = "fields"
"""The key in a request's state under which the edge leaves them to the application: none of ONCE came twice then."""


def request_id_of(fields: Fields) -> str:
    """The client's own if it is 8 to 64 plain characters, else a fresh one: unique, not secret."""
    given = fields.get(b"x-request-id", b"")
    if SHORTEST_ID <= len(given) <= LONGEST_ID and not given.translate(None, ID_CHARACTERS):
        return given.decode()
    return f"{getrandbits(96):024x}"


def refuse_headers(headers: Headers, fields: Fields) -> Refusal | None:
    """None for headers of bearable size, none of ONCE among them twice."""
    if len(headers) == len(fields):
        size = sum(map(len, fields)) + sum(map(len, fields.values()))
    else:
        size = sum(len(name) + len(value) for name, value in headers)
    if size > LARGEST_HEAD or len(headers) > MOST_HEADERS:
        return TOO_LARGE
    if len(headers) == len(fields):
        return None
    names = [name for name, _ in headers if name in ONCE]
    if len(set(names)) == len(names):
        return None
    return INVALID_HOST if names.count(b"host") > 1 else REPEATED


def announces_body(scope: HTTPScope, fields: Fields) -> bool:
    """HTTP/1.1 says so in the head (RFC 9112, section 6.3); HTTP/2 need not."""
    if b"transfer-encoding" in fields or fields.get(b"content-length", b"0") != b"0":
        return True
    return scope["http_version"] == "2" and scope["method"] in WITH_BODY


def refuse_framing(scope: HTTPScope, fields: Fields) -> Refusal | None:
    """Of a request that announces a body: None when it may have one, in chunks or of a length that is a number."""
    if scope["method"] in WITHOUT_BODY:
        return BODY_NOT_ALLOWED
    if fields.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
        return UNKNOWN_CODING
    length = fields.get(b"content-length", b"0")
    return None if length.isdigit() and len(length) <= LONGEST_LENGTH else INVALID_LENGTH
