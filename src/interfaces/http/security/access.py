"""The declarations of who may use a route, and the check at start-up that every route has one."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from doorward.domain.access.decision import Requirement

ACCESS: Final = "access"
"""The key in a route's `opt`. Its value is PUBLIC, SERVICE or a Requirement; there is no default."""

PUBLIC: Final = "public"
"""For everybody, without a token."""

SERVICE: Final = "service"
"""For registered services, which authenticate by HTTP Basic. The token of an account does not give access."""

ALLOWED_METHODS: Final = "methods"
"""The key in an OPTIONS handler's `opt` for the value of its `Allow` header."""


class UndeclaredAccess(Exception):
    """A route does not declare who may use it, or its guard would not run. The application is not built, so that no
    route is open by mistake."""


def http_handlers(app: Litestar) -> Iterable[tuple[HTTPRoute, HTTPRouteHandler]]:
    """Yield every HTTP route with each of its handlers."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                yield route, handler


def require_guarded(app: Litestar, guard: Callable[..., Any]) -> None:
    """Raise UndeclaredAccess for a route that declares no access, or whose requests would not pass this guard.

    OPTIONS becomes public: it names the methods of the path. Litestar's own answer would name those of one handler.
    """
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            raise UndeclaredAccess(f"{route.path} is not a plain HTTP route, so that its requests would pass no guard.")
    for route, handler in http_handlers(app):
        if handler.http_methods == {"OPTIONS"}:
            handler.opt = {ACCESS: PUBLIC, ALLOWED_METHODS: ", ".join(sorted(route.methods))}
        access = handler.opt.get(ACCESS)
        where = f"{sorted(handler.http_methods)} {route.path}"
        if access is not PUBLIC and access is not SERVICE and not isinstance(access, Requirement):
            raise UndeclaredAccess(f"{where} declares no access in its opt.")
        if handler.resolve_before_request() is not guard:
            raise UndeclaredAccess(f"{where} has a before_request of its own, which replaces the guard.")
