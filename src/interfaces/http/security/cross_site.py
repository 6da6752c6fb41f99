"""Which pages may change something in the name of a browser's cookies (cross-site request forgery)."""

from typing import Final, final

from litestar.types import Scope

from doorward.domain.errors import CrossSiteRequest
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.body import JSON, essence
from doorward.interfaces.http.errors.refusals import JsonRequired

READ_ONLY: Final = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_PORT: Final = {b"http://": b":80", b"https://": b":443"}


@final
class CrossSite:
    """Browsers send cookies along whoever asks for it. But no page can choose its `Origin` (RFC 6454, section 7), and
    none of a foreign origin can send JSON unless CORS allows it. So what changes something needs both; what only reads
    needs neither, since no foreign page is shown the answer."""

    def __init__(self, config: HttpConfig) -> None:
        self._scheme = b"https://" if config.https else b"http://"
        self._allowed = frozenset(origin.encode() for origin in config.cors_origins)
        if config.public_origin.startswith(self._scheme.decode()):
            self._allowed |= {config.public_origin.encode()}

    def refuse(self, scope: Scope) -> None:
        """Raise CrossSiteRequest or JsonRequired for a request that changes something and does not come from an allowed
        origin, as JSON. One without a body says that it is JSON, too."""
        if scope.get("method") in READ_ONLY:
            return
        fields = dict(scope["headers"])
        if not self._allows(fields.get(b"origin"), fields.get(b"host", b"")):
            raise CrossSiteRequest
        if essence(fields.get(b"content-type", b"")) != JSON:
            raise JsonRequired

    def _allows(self, origin: bytes | None, host: bytes) -> bool:
        """`host` is one of our names: the edge saw to that."""
        return origin in self._allowed or origin == self._scheme + host.removesuffix(DEFAULT_PORT[self._scheme])
