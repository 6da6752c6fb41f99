"""Removes the path of the public URL from requests. The routes do not have it."""

from typing import Final, Self, final

from litestar.types import HTTPScope

from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.errors.refusals import PathMissing

METADATA_PATH: Final = "/.well-known/oauth-authorization-server"
METRICS_PATH: Final = "/metrics"
HEALTH_PATHS: Final = frozenset({b"/health/live", b"/health/ready", b"/healthz", b"/readyz"})
"""Load balancers request these by address, so the Host header is not checked."""

WITHOUT_PREFIX: Final = HEALTH_PATHS | {METRICS_PATH.encode()}
"""Programs on the operator's side request these at the service itself, so that they never need the path."""


@final
class PublicPath:
    """The path under which clients reach the service, and what the proxy does with it."""

    def __init__(self, config: HttpConfig) -> None:
        self._path = config.public_path.encode()
        self._is_removed = bool(self._path) and config.proxy_path != "stripped"
        self._is_required = bool(self._path) and config.proxy_path == "kept"
        self._metadata = f"{METADATA_PATH}{config.issuer_path}".encode()

    @classmethod
    def of(cls, config: HttpConfig) -> Self | None:
        """Return the path, or None if no request has one."""
        return cls(config) if config.public_path or config.issuer_path else None

    def remove_from(self, scope: HTTPScope) -> None:
        """Remove the path once from the beginning of the request's path. Raise PathMissing if the proxy keeps it and
        the request does not have it. The path is never removed in front of `/metrics`, since a proxy passes on
        everything below the path. A proxy that strips the path must refuse `/metrics` itself.

        The metadata of an issuer with a path are outside of that path (RFC 8414, section 3.1)."""
        path = scope["raw_path"]
        if path == self._metadata:
            scope["path"], scope["raw_path"] = METADATA_PATH, METADATA_PATH.encode()
        elif self._is_removed and (path == self._path or path.startswith(self._path + b"/")):
            rest = path[len(self._path) :] or b"/"
            if rest == METRICS_PATH.encode():
                raise PathMissing
            scope["path"], scope["raw_path"] = scope["path"][len(self._path) :] or "/", rest
        elif self._is_required and path not in WITHOUT_PREFIX:
            raise PathMissing
