"""The limits of how many requests of one kind a client may send. A route declares its kind by `opt={"limit": ...}`.

The guard counts before it does anything else, so that a refusal costs neither a hash nor a query.
"""

from typing import Final

from litestar.handlers import HTTPRouteHandler

from doorward.application.rate_limits.limit_requests import LimitRequests
from doorward.domain.errors import TooManyRequests
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.interfaces.http.metrics import count_limited

LIMIT: Final = "limit"
"""The key in a route's `opt`. Its value is the LimitName under which its requests are counted. A guard of Litestar
would copy the handler of the route for each request."""


async def count_request(limit_requests: LimitRequests, name: LimitName, address: str) -> None:
    """Count the request for the address that the edge found. Raise TooManyRequests."""
    try:
        await limit_requests(name, address)
    except TooManyRequests:
        count_limited(name)
        raise


def limit_of(handler: HTTPRouteHandler) -> LimitName | None:
    """Return the name under which requests to a route are counted, or None."""
    limit: LimitName | None = handler.opt.get(LIMIT)
    return limit
