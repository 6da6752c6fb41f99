from collections.abc import Mapping
from typing import NewType, Protocol

from doorward.domain.rate_limits.limit_name import LimitName
from doorward.domain.rate_limits.rate_limit import RateLimit

RequestLimits = NewType("RequestLimits", Mapping[LimitName, tuple[RateLimit, ...]])
"""The limits of each kind of requests, in the order in which they are asked. No limits mean that all are admitted."""


class RateLimiter(Protocol):
    """Counts in windows that slide: the requests of the window before weigh the less the longer it is over.

    Requests at the same moment are counted one after the other. Each key and each limit is counted on its own.
    """

    async def hit(self, key: str, limit: RateLimit) -> int:
        """Count one request for `key` and return 0, if the limit admits it.

        Otherwise count nothing, and return the whole seconds until the limit admits one, at least 1. Nothing is raised,
        and the answer takes a quarter of a second at most.
        """
        ...
