"""Cross-origin requests (Fetch standard, section 3.2): only exact origins are allowed."""

from collections.abc import Iterable
from typing import Final, final

from doorward.interfaces.http.edge.request_headers import Header, HeadersByName

VARY: Final = (b"vary", b"Origin")
ALLOW_CREDENTIALS: Final = (b"access-control-allow-credentials", b"true")
EXPOSE_HEADERS: Final = (b"access-control-expose-headers", b"X-Request-Id, Retry-After, Location")
ANY_ORIGIN: Final[Header] = (b"access-control-allow-origin", b"*")
"""The application sets it on public documents. Browsers then send no credentials (Fetch standard, section 3.2.5)."""

REQUEST_HEADERS: Final = ("Authorization", "Content-Type", "X-Access-Token", "X-Request-Id")
REQUEST_METHOD: Final = b"access-control-request-method"


@final
class Cors:
    """Makes the CORS headers of answers. Without configured origins there are none. Pages of an allowed origin may send
    cookies, REQUEST_HEADERS and the headers in `request_headers`."""

    def __init__(self, origins: Iterable[str], request_headers: Iterable[str] = ()) -> None:
        allowed_headers = ", ".join((*REQUEST_HEADERS, *request_headers)).encode()
        self.preflight: tuple[Header, ...] = (
            (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
            (b"access-control-allow-headers", allowed_headers),
            (b"access-control-max-age", b"600"),
            (b"vary", b"Access-Control-Request-Method, Access-Control-Request-Headers"),
        )
        """The headers of the answer to a preflight, beside those of every answer."""
        self._allowed = {
            origin: (VARY, (b"access-control-allow-origin", origin), ALLOW_CREDENTIALS, EXPOSE_HEADERS)
            for origin in map(str.encode, origins)
        }
        self._headers_for_others: tuple[Header, ...] = (VARY,) if self._allowed else ()

    def headers(self, origin: bytes | None) -> tuple[Header, ...]:
        """Return the CORS headers of an answer to that origin, which is compared byte by byte."""
        return self._allowed.get(origin or b"", self._headers_for_others)

    def allows(self, origin: bytes | None) -> bool:
        """Return whether the origin is one of the allowed ones."""
        return origin in self._allowed

    def is_preflight(self, method: str, by_name: HeadersByName) -> bool:
        """Return whether the request is a preflight of a page of an allowed origin."""
        return method == "OPTIONS" and REQUEST_METHOD in by_name and by_name.get(b"origin") in self._allowed
