from dataclasses import dataclass
from typing import Final, final

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.storage.redis import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from doorward.domain.rate_limits.rate_limit import RateLimit
from doorward.infrastructure.rate_limits.bounded_memory import BoundedMemoryStorage

NAMESPACE: Final = "doorward"


@final
@dataclass(frozen=True, slots=True)
class WindowRateLimiter:
    """RateLimiter by the sliding window counter of `limits`: two numbers for each key, whatever the limit is."""

    storage: MemoryStorage | RedisStorage

    async def hit(self, key: str, limit: RateLimit) -> int:
        item = RateLimitItemPerSecond(limit.amount, limit.seconds, NAMESPACE)
        if await SlidingWindowCounterRateLimiter(self.storage).hit(item, key):
            return 0
        previous, previous_left, current, current_left = await self.storage.get_sliding_window(
            item.key_for(key), limit.seconds
        )
        return limit.wait_seconds(previous, previous_left, current, current_left - limit.seconds)


@final
class LocalRateLimiter:
    """RateLimiter in the memory of this process. Each scope has a storage of its own, so that clients with many
    addresses do not make it forget the counts of networks."""

    def __init__(self) -> None:
        self._limiters: dict[str, WindowRateLimiter] = {}

    async def hit(self, key: str, limit: RateLimit) -> int:
        limiter = self._limiters.get(limit.per)
        if limiter is None:
            limiter = self._limiters[limit.per] = WindowRateLimiter(BoundedMemoryStorage())
        return await limiter.hit(key, limit)
