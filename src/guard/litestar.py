"""Guards for Litestar.

```python
from doorward.guard import Claims, Guard
from doorward.guard.litestar import require_roles
from litestar import Request, get

guard = Guard("https://auth.example.com", audience="doorward")


@get("/articles", guards=[require_roles(guard, "moderator")])
async def articles(request: Request[None, Claims, Any]) -> str:
    return f"Hello, {request.auth.subject}."
```
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.exceptions import (
    ClientException,
    HTTPException,
    NotAuthorizedException,
    PermissionDeniedException,
    ServiceUnavailableException,
)
from litestar.handlers import BaseRouteHandler

from doorward.guard.admission import CLAIMS, admitted, checked_roles
from doorward.guard.guard import Guard
from doorward.guard.refusals import Refusal

Connection = ASGIConnection[Any, Any, Any, Any]
LitestarGuard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]

EXCEPTIONS: Final[dict[int, type[HTTPException]]] = {
    400: ClientException,
    401: NotAuthorizedException,
    403: PermissionDeniedException,
    503: ServiceUnavailableException,
}


def require_token(guard: Guard) -> LitestarGuard:
    """Return a guard that admits requests with a valid access token. `request.auth` has its claims then."""
    return admitting(guard, ())


def require_roles(guard: Guard, *roles: str) -> LitestarGuard:
    """Return a guard that admits requests whose token names any one of the roles. `request.auth` has its claims
    then."""
    return admitting(guard, checked_roles(guard, roles))


def admitting(guard: Guard, roles: tuple[str, ...]) -> LitestarGuard:
    """Return the guard. It raises Litestar's exception of the status, so that your exception handlers answer."""

    async def admit(connection: Connection, _: BaseRouteHandler) -> None:
        scope: Any = connection.scope
        try:
            claims = await admitted(guard, scope, roles)
        except Refusal as refusal:
            exception = EXCEPTIONS[refusal.status]
            raise exception(str(refusal), headers=dict(refusal.headers), extra={"code": refusal.code}) from refusal
        scope["auth"] = claims
        scope["state"][CLAIMS] = claims

    return admit
