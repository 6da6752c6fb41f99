"""Guards for plain ASGI applications, and for Starlette as middleware of an application, a mount or a route.

```python
from doorward.guard import Guard
from doorward.guard.asgi import claims_of, require_roles

guard = Guard("https://auth.example.com", audience="doorward")


async def articles(scope, receive, send):
    claims = claims_of(scope)
    ...


app = require_roles(articles, guard, "moderator")
```

In Starlette: `Mount("/articles", ..., middleware=[Middleware(require_roles, guard, "moderator")])`, and
`request.state.claims` in the endpoint.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, final

from doorward.guard.admission import CLAIMS, admitted, checked_roles
from doorward.guard.guard import Guard
from doorward.guard.refusals import Refusal
from doorward.tokens.claims import Claims

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY_VIOLATION = 1008
"""The close code of a WebSocket (RFC 6455, section 7.4.1)."""


def require_token(app: App, guard: Guard) -> App:
    """Return the application for requests with a valid access token. Others are answered here."""
    return GuardedApp(app, guard, ())


def require_roles(app: App, guard: Guard, *roles: str) -> App:
    """Return the application for requests whose token names any one of the roles. Others are answered here."""
    return GuardedApp(app, guard, checked_roles(guard, roles))


def claims_of(scope: Scope) -> Claims:
    """Return the claims of the token of this request. Raise RuntimeError if no guard admitted it."""
    claims: Claims | None = scope.get("state", {}).get(CLAIMS)
    if claims is None:
        raise RuntimeError("No guard admitted this request; write require_token or require_roles around this route.")
    return claims


@final
class GuardedApp:
    """Lets HTTP requests and WebSockets pass that the guard admits. `lifespan` passes, and fetches nothing."""

    def __init__(self, app: App, guard: Guard, roles: tuple[str, ...]) -> None:
        self._app = app
        self._guard = guard
        self._roles = roles

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            claims = await admitted(self._guard, scope, self._roles)
        except Refusal as refusal:
            await answer(refusal, scope, send)
            return
        await self._app({**scope, "state": {**scope.get("state", {}), CLAIMS: claims}}, receive, send)


async def answer(refusal: Refusal, scope: Scope, send: Send) -> None:
    """Send a problem (RFC 9457). A WebSocket is closed instead where the server cannot answer otherwise."""
    kind = "http.response"
    if scope["type"] == "websocket":
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": str(refusal)})
            return
        kind = "websocket.http.response"
    problem = {"type": "about:blank", "status": refusal.status, "code": refusal.code, "detail": str(refusal)}
    body = json.dumps(problem).encode()
    headers = {**refusal.headers, "Content-Type": "application/problem+json", "Content-Length": str(len(body))}
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": f"{kind}.start", "status": refusal.status, "headers": encoded})
    await send({"type": f"{kind}.body", "body": body})
