from dataclasses import dataclass
from typing import final

from doorward.application.ports.rate_limits import RateLimiter, RequestLimits
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.errors import TooManyRequests
from doorward.domain.rate_limits.client import counted_client
from doorward.domain.rate_limits.limit_name import LimitName


@final
@dataclass(frozen=True, slots=True)
class LimitRequests:
    """Counts the requests of a kind from an address. It reads neither the request nor the database."""

    limiter: RateLimiter
    limits: RequestLimits
    log: SecurityLog

    async def __call__(self, name: LimitName, address: str) -> None:
        """Count one request. Raise TooManyRequests if one of the limits does not admit it; the limits after that one
        do not count it."""
        for limit in self.limits[name]:
            wait_seconds = await self.limiter.hit(f"{name}/{counted_client(address, limit.per)}", limit)
            if wait_seconds:
                self.log.record(SecurityEvent.EXCESS_RATE_LIMIT_EXCEEDED, reason=name.value, per=limit.per.value)
                raise TooManyRequests(wait_seconds)
