"""Other spellings of paths, as the tutorial's server understands them."""

from typing import Final, final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

HTTP: Final = ScopeType.HTTP


@final
class LenientPaths:
    """Stands in front of the edge and gives some paths their one spelling: Express ignores their case and one slash at
    the end. The edge, the guard, metrics and limits see the one spelling only.

    The paths are few and are compared completely. Every other path keeps its spelling, so that a proxy's rule for
    `/metrics` or `/api/admin` is passed by no other spelling. The path of the public URL may stand before each of them,
    and has one spelling.
    """

    def __init__(self, app: ASGIApp, paths: frozenset[bytes], public_path: str) -> None:
        self._app = app
        self._paths = paths
        self._prefixes = tuple(dict.fromkeys((b"", public_path.encode())))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == HTTP and (given := scope["raw_path"]) not in self._paths:
            canonical = self._canonical(given)
            if canonical is not None:
                scope["raw_path"], scope["path"] = canonical, canonical.decode()
        await self._app(scope, receive, send)

    def _canonical(self, given: bytes) -> bytes | None:
        """Return the one spelling, or None for a path that has no other."""
        for prefix in self._prefixes:
            rest = given.removeprefix(prefix).removesuffix(b"/").lower()
            if given.startswith(prefix) and rest in self._paths:
                return prefix + rest
        return None
