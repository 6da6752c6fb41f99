"""Gives the edge the requests of a program that has mounted the service, as the clients of that program sent them."""

from typing import Any, Final, final
from urllib.parse import quote, unquote

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.public_path import METADATA_PATH

PASSED_ON: Final = frozenset(
    "type asgi http_version method scheme query_string headers client server extensions".split()
)
"""What a request keeps. The frameworks of other programs store what is theirs under further keys and in `state`."""

PATH_CHARACTERS: Final = "/:@!$&'()*+,;=~-._"


@final
class MountedPath:
    """Stands in front of the edge. The path of the mount becomes the path of the public URL, which the edge removes.

    Frameworks differ in what they leave in `path` and `root_path`, and none changes `raw_path`. The other program's
    scope stays as it is.
    """

    def __init__(self, app: ASGIApp, mounted_at: str, config: HttpConfig) -> None:
        self._app = app
        self._mounted_at = mounted_at.encode()
        self._public_path = config.public_path.encode()
        self._metadata = f"{METADATA_PATH}{config.issuer_path}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        raw = self._as_sent(scope.get("raw_path") or quote(scope["path"], safe=PATH_CHARACTERS).encode())
        own: dict[str, Any] = {key: value for key, value in scope.items() if key in PASSED_ON}
        own |= {"path": unquote(raw.decode("latin-1")), "raw_path": raw, "root_path": "", "state": {}}
        await self._app(own, receive, send)  # type: ignore[arg-type]

    def _as_sent(self, raw: bytes) -> bytes:
        """Return the path below the public URL. The metadata are outside of the mount."""
        is_below = raw == self._mounted_at or raw.startswith(self._mounted_at + b"/")
        if not is_below or raw == self._metadata:
            return raw
        return self._public_path + raw[len(self._mounted_at) :] or b"/"
