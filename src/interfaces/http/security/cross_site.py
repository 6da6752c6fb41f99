"""Prevents cross-site request forgery: which pages may change something with a browser's cookies."""

from typing import Final, final

from litestar.types import Scope

from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.body import JSON, media_type_of
from doorward.interfaces.http.errors.refusals import CrossSiteRequest, JsonRequired

READ_ONLY_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_PORTS: Final = {b"http://": b":80", b"https://": b":443"}


@final
class CrossSiteRule:
    """Refuses requests with cookies that pages of foreign origins may have sent.

    Browsers add cookies to the requests of every page. But no page can choose its `Origin` (RFC 6454, section 7), and
    a page of a foreign origin can send JSON only if CORS allows it. A request that changes something therefore needs
    both. A request that only reads needs neither, because a foreign page cannot see the answer."""

    def __init__(self, config: HttpConfig) -> None:
        self._scheme = b"https://" if config.https else b"http://"
        self._allowed = frozenset(origin.encode() for origin in config.cors_origins)
        if config.public_origin.startswith(self._scheme.decode()):
            self._allowed |= {config.public_origin.encode()}

    def check(self, scope: Scope) -> None:
        """Raise CrossSiteRequest or JsonRequired for a request that changes something and does not come from an allowed
        origin as JSON. Also a request without a body must declare JSON."""
        if scope.get("method") in READ_ONLY_METHODS:
            return
        by_name = dict(scope["headers"])
        if not self._allows(by_name.get(b"origin"), by_name.get(b"host", b"")):
            raise CrossSiteRequest
        if media_type_of(by_name.get(b"content-type", b"")) != JSON:
            raise JsonRequired

    def _allows(self, origin: bytes | None, host: bytes) -> bool:
        """Return whether pages of that origin may change something. The edge has checked the `host`."""
        return origin in self._allowed or origin == self._scheme + host.removesuffix(DEFAULT_PORTS[self._scheme])
