"""The limits of how many requests of one kind a client may send. A route declares its kind by `guards=[Limited(...)]`.

Litestar runs these guards before everything else that belongs to a route, so that a refusal costs neither a hash nor a
query. Routes without one pay nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, final

from dishka import AsyncContainer
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from doorward.application.rate_limits.limit_requests import LimitRequests
from doorward.domain.errors import TooManyRequests
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.interfaces.http.metrics import count_limited

CONTAINER: Final = "container"
"""The key in the application's state of the container: these guards run before the one that gives it to requests."""


@final
@dataclass(frozen=True, slots=True)
class Limited:
    """Counts the request for the address that the edge found, and raises TooManyRequests."""

    name: LimitName

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        container: AsyncContainer = connection.app.state[CONTAINER]
        limit = await container.get(LimitRequests)
        try:
            await limit(self.name, connection.scope["state"]["ip"])
        except TooManyRequests:
            count_limited(self.name)
            raise


def limits_of(handler: HTTPRouteHandler) -> Iterable[LimitName]:
    """Yield the names under which requests to a route are counted."""
    return (guard.name for guard in handler.guards or () if isinstance(guard, Limited))
