"""The headers that every answer carries, whether the application or the edge made it."""

from collections.abc import Iterable
from typing import Final, final

from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.cors import ANY_ORIGIN, Cors
from doorward.interfaces.http.edge.request_headers import Header

REQUEST_ID: Final = b"x-request-id"
KEEP_ALIVE: Final = b"keep-alive"
CLOSE: Final = (b"connection", b"close")
"""The server closes the connection after an answer with this header, and the client knows that it does."""

CONTENT_SECURITY_POLICY: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
NO_STORE: Final = (b"cache-control", b"no-store")
EMPTY_SERVER: Final = (b"server", b"")
"""Granian sends its own name unless there is such a header. An empty header is the only way to prevent that."""

HSTS: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
HSTS_OF_SHARED_HOST: Final = (HSTS[0], b"max-age=31536000")
"""Used if the public URL has a path: the subdomains of such a host are none of ours."""

FIXED_HEADERS: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    EMPTY_SERVER,
)
FIXED_NAMES: Final = frozenset({REQUEST_ID, KEEP_ALIVE, HSTS[0], *(name for name, _ in FIXED_HEADERS)})
"""Headers that the application cannot change."""

SPECIAL_NAMES: Final = FIXED_NAMES | {CONTENT_SECURITY_POLICY[0], NO_STORE[0], b"allow"}
CACHEABLE_NAMES: Final = frozenset({b"content-type", b"content-length"})
MAX_CACHED_HEADERS: Final = 512
"""A limit, since each pair of type and length is one entry."""


@final
class ResponseHeaders:
    """Completes the headers of answers. The application may set its own `Content-Security-Policy` and
    `Cache-Control`."""

    def __init__(self, config: HttpConfig) -> None:
        seconds = config.keep_alive_seconds
        keep_alive = ((KEEP_ALIVE, f"timeout={seconds}".encode()),) if seconds else ()
        hsts = HSTS_OF_SHARED_HOST if config.public_path else HSTS
        self._defaults = (
            *FIXED_HEADERS,
            *keep_alive,
            *((hsts,) if config.https else ()),
            CONTENT_SECURITY_POLICY,
            NO_STORE,
        )
        self._cors = Cors(config.cors_origins)
        self._is_draining = config.is_draining
        self._cached: dict[tuple[Header, ...], list[Header]] = {}
        """Completed headers of answers by the given headers, if these are type and length only."""

    def complete(self, given: Iterable[Header], request_id: str, origin: bytes | None) -> list[Header]:
        """Return all headers of an answer with the `given` ones to a request with that id and `Origin`."""
        known = tuple(given)
        cached = self._cached.get(known)
        headers = self._with_defaults(known) if cached is None else [*cached]
        if self._is_draining():
            headers = [header for header in headers if header[0] != KEEP_ALIVE]
            headers.append(CLOSE)
        headers.append((REQUEST_ID, request_id.encode()))
        if cached is not None or ANY_ORIGIN not in known:
            headers += self._cors.headers(origin)
        elif self._cors.allows(origin):  # its pages may send credentials, which browsers refuse together with `*`
            headers.remove(ANY_ORIGIN)
            headers += self._cors.headers(origin)
        return headers

    def _with_defaults(self, given: tuple[Header, ...]) -> list[Header]:
        names = {name for name, _ in given}
        if names.isdisjoint(SPECIAL_NAMES):
            headers = [*given, *self._defaults]
        else:
            headers = [with_head_allowed(header) for header in given if header[0] not in FIXED_NAMES]
            headers += (header for header in self._defaults if header[0] in FIXED_NAMES or header[0] not in names)
        if names == CACHEABLE_NAMES and len(self._cached) < MAX_CACHED_HEADERS:
            self._cached[given] = [*headers]
        return headers


def with_head_allowed(header: Header) -> Header:
    """Return the header, with HEAD added to an `Allow` that has GET. The router does not know HEAD, since the edge
    turns it into GET."""
    name, value = header
    methods = {method.strip() for method in value.split(b",")}
    if name != b"allow" or b"GET" not in methods:
        return header
    return name, b", ".join(sorted(methods | {b"HEAD"}))
