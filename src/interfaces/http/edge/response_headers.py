"""What every answer carries, whoever made it: the application, the edge, or the last resort."""

from collections.abc import Iterable
from typing import Final, final

from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.cors import Cors
from doorward.interfaces.http.edge.request_headers import Header

REQUEST_ID = b"x-request-id"
POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
NO_STORE = (b"cache-control", b"no-store")
NO_SERVER = (b"server", b"")
"""Granian writes its own name where there is no such header, and can only be kept from it by one without content."""

HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
ALWAYS: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    NO_SERVER,
)
OURS = frozenset({REQUEST_ID, HSTS[0], *(name for name, _ in ALWAYS)})
SPECIAL = OURS | {POLICY[0], NO_STORE[0], b"retry-after", b"allow"}
RETRY_LATER = frozenset({429, 503})

PLAIN = frozenset({b"content-type", b"content-length"})
REMEMBERED = 512
"""Of types and lengths together there are few: what a body says is not in them."""


@final
class Dressing:
    """Headers for answers. The application may set its own `Content-Security-Policy` and `Cache-Control`."""

    def __init__(self, config: HttpConfig) -> None:
        self._usual = (*ALWAYS, *((HSTS,) if config.https else ()), POLICY, NO_STORE)
        self._cors = Cors(config.cors_origins)
        self._plain: dict[tuple[Header, ...], list[Header]] = {}
        """Answers with headers that many have, dressed."""

    def headers(self, status: int, given: Iterable[Header], request_id: str, origin: bytes | None) -> list[Header]:
        known = tuple(given)
        headers = [*(self._plain.get(known) or self._dressed(known))]
        headers.append((REQUEST_ID, request_id.encode()))
        headers += self._cors.headers(origin)
        if status in RETRY_LATER and not any(name == b"retry-after" for name, _ in known):
            headers.append((b"retry-after", b"1"))
        return headers

    def _dressed(self, given: tuple[Header, ...]) -> list[Header]:
        names = {name for name, _ in given}
        if names.isdisjoint(SPECIAL):
            headers = [*given, *self._usual]
        else:
            headers = [with_head(header) for header in given if header[0] not in OURS]
            headers += (header for header in self._usual if header[0] in OURS or header[0] not in names)
        if names == PLAIN and len(self._plain) < REMEMBERED:
            self._plain[given] = headers
        return headers


def with_head(header: Header) -> Header:
    """Who may GET may HEAD: the edge sees to that, so the router does not say it."""
    name, value = header
    methods = {method.strip() for method in value.split(b",")}
    if name != b"allow" or b"GET" not in methods:
        return header
    return name, b", ".join(sorted(methods | {b"HEAD"}))
