"""Cross-origin requests (Fetch standard, section 3.2): exact origins or nothing."""

from collections.abc import Iterable, Mapping
from typing import final

from doorward.interfaces.http.edge.request_headers import Header

VARY = (b"vary", b"Origin")
CREDENTIALS = (b"access-control-allow-credentials", b"true")
EXPOSED = (b"access-control-expose-headers", b"X-Request-Id, Retry-After")
PREFLIGHT: tuple[Header, ...] = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, X-Access-Token, X-Request-Id"),
    (b"access-control-max-age", b"600"),
    (b"vary", b"Access-Control-Request-Method, Access-Control-Request-Headers"),
)
REQUEST_METHOD = b"access-control-request-method"


@final
class Cors:
    """Without origins no answer says a word of CORS. Pages of an allowed origin may send cookies along."""

    def __init__(self, origins: Iterable[str]) -> None:
        allowed = {origin.encode(): (b"access-control-allow-origin", origin.encode()) for origin in origins}
        self._headers: Mapping[bytes, tuple[Header, ...]] = {
            origin: (VARY, header, CREDENTIALS, EXPOSED) for origin, header in allowed.items()
        }
        self._others: tuple[Header, ...] = (VARY,) if allowed else ()

    def headers(self, origin: bytes | None) -> tuple[Header, ...]:
        """What every answer to that origin carries; compared byte by byte."""
        return self._headers.get(origin or b"", self._others)

    def is_preflight(self, method: str, fields: Mapping[bytes, bytes]) -> bool:
        """True when a browser asks for one of the allowed origins."""
        return method == "OPTIONS" and REQUEST_METHOD in fields and fields.get(b"origin") in self._headers
