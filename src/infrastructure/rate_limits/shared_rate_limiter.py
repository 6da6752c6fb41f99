import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar, final

from limits.aio.storage.redis import RedisStorage
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from doorward.application.ports.rate_limits import RateLimiter
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.rate_limits.rate_limit import RateLimit
from doorward.infrastructure.rate_limits.redis_url import client_url
from doorward.infrastructure.rate_limits.window_rate_limiter import WindowRateLimiter

MAX_CONNECTIONS: Final = 16
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SharedTimings:
    wait_seconds: float = 0.2
    """The longest wait for the shared counts, connecting included."""
    retry_seconds: float = 1.0
    """While the shared counts are away, they are asked for after this time, and by no request."""


def take_failure(task: asyncio.Task[Any]) -> None:
    """Take the exception of a task that nobody waits for any more, so that asyncio does not log it."""
    if not task.cancelled():
        task.exception()


@final
class SharedRateLimiter:
    """RateLimiter with counts that all workers and nodes share in a Redis or Valkey.

    When that is away, `local` counts instead, from the same request on. A task asks for the shared counts until they
    are back, so that no further request waits for them.
    """

    def __init__(
        self,
        pool: BlockingConnectionPool,
        key_prefix: str,
        local: RateLimiter,
        log: SecurityLog,
        timings: SharedTimings,
    ) -> None:
        self._pool = pool
        options: dict[str, Any] = {"connection_pool": pool}
        self._storage = storage = RedisStorage(
            "async+redis://", implementation="redispy", key_prefix=key_prefix, **options
        )
        self._shared = WindowRateLimiter(storage)
        self._local = local
        self._log = log
        self._timings = timings
        self._asking: asyncio.Task[None] | None = None

    @classmethod
    def of(
        cls, url: str, key_prefix: str, local: RateLimiter, log: SecurityLog, timings: SharedTimings | None = None
    ) -> Self:
        """Return the limiter for the Redis of this URL. It connects when something is counted."""
        timings = timings or SharedTimings()
        pool = BlockingConnectionPool.from_url(
            client_url(url),
            max_connections=MAX_CONNECTIONS,
            timeout=timings.wait_seconds,
            socket_connect_timeout=timings.wait_seconds,
            socket_timeout=timings.wait_seconds,
            retry=Retry(NoBackoff(), 1),  # a connection that the server closed long ago is no failure
        )
        return cls(pool, key_prefix, local, log, timings)

    async def hit(self, key: str, limit: RateLimit) -> int:
        if self._asking is None:
            try:
                return await self._in_time(self._shared.hit(key, limit))
            except Exception as error:  # noqa: BLE001 whatever a client library raises, the counts cannot be had
                self._lose(error)
        return await self._local.hit(key, limit)

    async def _in_time(self, answer: Coroutine[Any, Any, T]) -> T:
        """Return the answer of the server, or raise TimeoutError in time.

        redis-py does not always end when it is cancelled: a task that waited for one of the connections goes on and
        opens it. So nothing waits for the end of a task that was cancelled.
        """
        task = asyncio.create_task(answer)
        task.add_done_callback(take_failure)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._timings.wait_seconds)
        finally:
            task.cancel()
        if not done:
            raise TimeoutError
        return task.result()

    def _lose(self, error: Exception) -> None:
        if self._asking is None:
            self._log.record(SecurityEvent.RATE_LIMITS_LOCAL, cause=type(error).__name__)
            self._asking = asyncio.create_task(self._ask_until_back())

    async def _ask_until_back(self) -> None:
        while True:
            await asyncio.sleep(self._timings.retry_seconds)
            try:
                await self._in_time(self._storage.get("back"))  # its own `check` would swallow a cancellation
            except Exception:  # noqa: BLE001, S112 as above; the line about the loss was written
                continue
            self._asking = None
            self._log.record(SecurityEvent.RATE_LIMITS_SHARED)
            return

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        await self._pool.disconnect()
