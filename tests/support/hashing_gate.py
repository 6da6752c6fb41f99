"""Holds the threads of a hashing pool, so that a test can look at what waits."""

import asyncio
import threading

from doorward.infrastructure.security.hashing_pool import HashingPool


class Gate:
    """Occupies a pool's threads until it opens."""

    def __init__(self, pool: HashingPool) -> None:
        self.opened = threading.Event()
        self.entered = threading.Semaphore(0)
        self.tasks: list[asyncio.Task[None]] = []
        self.pool = pool

    def hold(self, work: int = 1, login: str | None = None) -> None:
        def wait() -> None:
            self.entered.release()
            assert self.opened.wait(30)

        self.tasks.append(asyncio.create_task(self.pool.run(wait, work=work, login=login)))

    async def full(self, threads: int) -> None:
        for _ in range(threads):
            assert await asyncio.to_thread(self.entered.acquire, timeout=30)


async def until_idle(pool: HashingPool) -> None:
    """Everything that was begun ends within ten seconds, or the test fails."""
    async with asyncio.timeout(10):
        while pool.pending:
            await asyncio.sleep(0.001)
