"""Dependencies for FastAPI.

```python
from typing import Annotated

from doorward.guard import Claims, Guard
from doorward.guard.fastapi import require_roles
from fastapi import Depends, FastAPI

guard = Guard("https://auth.example.com", audience="doorward")
Moderator = Annotated[Claims, Depends(require_roles(guard, "moderator"))]
app = FastAPI()


@app.get("/articles")
async def articles(moderator: Moderator) -> str:
    return f"Hello, {moderator.subject}."
```
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import Depends, HTTPException
from fastapi.requests import HTTPConnection
from fastapi.security import HTTPBearer

from doorward.guard.admission import CLAIMS, admitted, checked_roles
from doorward.guard.guard import Guard
from doorward.guard.refusals import Refusal
from doorward.tokens.claims import Claims

BEARER: Final = HTTPBearer(bearerFormat="JWT", description="An access token of Doorward.", auto_error=False)
"""Only for the OpenAPI document: the routes show that they want a token."""


def require_token(guard: Guard) -> Callable[..., Awaitable[Claims]]:
    """Return a dependency that admits requests with a valid access token, and returns its claims."""
    return admitting(guard, ())


def require_roles(guard: Guard, *roles: str) -> Callable[..., Awaitable[Claims]]:
    """Return a dependency that admits requests whose token names any one of the roles, and returns its claims."""
    return admitting(guard, checked_roles(guard, roles))


def admitting(guard: Guard, roles: tuple[str, ...]) -> Callable[..., Awaitable[Claims]]:
    """Return the dependency. It raises FastAPI's exception, so that your exception handlers answer."""

    async def admit(connection: HTTPConnection, _: Annotated[Any, Depends(BEARER)]) -> Claims:
        try:
            claims = await admitted(guard, connection.scope, roles)
        except Refusal as refusal:
            raise HTTPException(refusal.status, str(refusal), dict(refusal.headers)) from refusal
        setattr(connection.state, CLAIMS, claims)
        return claims

    return admit
