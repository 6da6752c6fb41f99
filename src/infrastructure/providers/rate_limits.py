"""The adapters that count requests, and the use case that limits them."""

from collections.abc import AsyncIterator
from typing import final

from dishka import Provider, Scope, provide

from doorward.application.ports.rate_limits import RateLimiter, RequestLimits
from doorward.application.ports.security import SecurityLog
from doorward.application.rate_limits.limit_requests import LimitRequests
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.infrastructure.settings.settings import Settings


@final
class RateLimitsProvider(Provider):
    scope = Scope.APP

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    limit_requests = provide(LimitRequests)

    @provide
    def limits(self) -> RequestLimits:
        return RequestLimits({name: self.settings.limits.limits_of(name) for name in LimitName})

    @provide
    async def limiter(self, log: SecurityLog) -> AsyncIterator[RateLimiter]:
        from doorward.infrastructure.rate_limits.window_rate_limiter import LocalRateLimiter  # noqa: PLC0415 heavy

        local, url = LocalRateLimiter(), self.settings.limits.redis_url
        if url is None:
            yield local
            return
        from doorward.infrastructure.rate_limits.shared_rate_limiter import SharedRateLimiter  # noqa: PLC0415 optional

        # Services that share a Redis have issuers of their own.
        shared = SharedRateLimiter.of(url, f"doorward:{self.settings.issuer}", local, log)
        yield shared
        await shared.close()
