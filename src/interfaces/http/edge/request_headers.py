"""Rules for the headers of every request."""

from collections.abc import Mapping, Sequence
from random import getrandbits
from typing import Final

from litestar.types import HTTPScope

from doorward.interfaces.http.errors.refusals import (
    BodyNotAllowed,
    HeadersTooLarge,
    InvalidContentLength,
    InvalidHost,
    RepeatedHeader,
    UnsupportedTransferCoding,
)

MAX_HEADERS: Final = 100
MAX_HEADERS_BYTES: Final = 65_536
"""The limit of all header names and values together."""

REQUEST_ID_CHARACTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
MIN_REQUEST_ID_CHARACTERS: Final = 8
MAX_REQUEST_ID_CHARACTERS: Final = 64
MAX_CONTENT_LENGTH_DIGITS: Final = 18

METHODS_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
METHODS_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SINGLE_HEADERS: Final = frozenset(
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
"""Headers that may occur once."""

Header = tuple[bytes, bytes]
Headers = Sequence[Header]
HeadersByName = Mapping[bytes, bytes]
"""The value of each header by its name in lower case; the last value if it occurs several times."""

HEADERS_BY_NAME: Final = "headers_by_name"
"""The key in a request's state under which the edge stores the HeadersByName for the application. None of
SINGLE_HEADERS occurs twice."""


def request_id_of(by_name: HeadersByName) -> str:
    """Return the client's own request id if it has 8 to 64 plain characters, else a new random one. It
    is not a secret."""
    client_id = by_name.get(b"x-request-id", b"")
    has_valid_length = MIN_REQUEST_ID_CHARACTERS <= len(client_id) <= MAX_REQUEST_ID_CHARACTERS
    if has_valid_length and not client_id.translate(None, REQUEST_ID_CHARACTERS):
        return client_id.decode()
    return f"{getrandbits(96):024x}"


def check_headers(headers: Headers, by_name: HeadersByName) -> None:
    """Raise HeadersTooLarge for more headers than the limits allow. Raise InvalidHost or RepeatedHeader if one of
    SINGLE_HEADERS occurs twice."""
    if len(headers) > MAX_HEADERS:
        raise HeadersTooLarge(f"The request has more than {MAX_HEADERS} headers.")
    has_repeated = len(headers) != len(by_name)
    if has_repeated:
        size_bytes = sum(len(name) + len(value) for name, value in headers)
    else:
        size_bytes = sum(map(len, by_name)) + sum(map(len, by_name.values()))
    if size_bytes > MAX_HEADERS_BYTES:
        raise HeadersTooLarge
    if not has_repeated:
        return
    names = [name for name, _ in headers if name in SINGLE_HEADERS]
    if len(set(names)) != len(names):
        raise InvalidHost if names.count(b"host") > 1 else RepeatedHeader


def announces_body(scope: HTTPScope, by_name: HeadersByName) -> bool:
    """Return whether a body may follow. In HTTP/1.1 the headers announce it (RFC 9112, section
    6.3). In HTTP/2 they need not."""
    if b"transfer-encoding" in by_name or by_name.get(b"content-length", b"0") != b"0":
        return True
    return scope["http_version"] == "2" and scope["method"] in METHODS_WITH_BODY


def check_framing(scope: HTTPScope, by_name: HeadersByName) -> None:
    """Check a request that announces a body: its method must allow one, in chunks or with a decimal length. Raise
    BodyNotAllowed, UnsupportedTransferCoding or InvalidContentLength."""
    if scope["method"] in METHODS_WITHOUT_BODY:
        raise BodyNotAllowed
    if by_name.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
        raise UnsupportedTransferCoding
    length = by_name.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > MAX_CONTENT_LENGTH_DIGITS:
        raise InvalidContentLength
