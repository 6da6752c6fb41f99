"""Holds the threads of a hashing pool, so that a test can look at what waits."""

import asyncio
import threading

from doorward.infrastructure.security.hashing_pool import HashingPool
from support.programs.processes import PATIENCE


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
            assert self.opened.wait(PATIENCE)

        self.tasks.append(asyncio.create_task(self.pool.run(wait, work=work, login=login)))

    async def full(self, threads: int) -> None:
        for _ in range(threads):
            assert await asyncio.to_thread(self.entered.acquire, timeout=PATIENCE)


async def until_idle(pool: HashingPool) -> None:
    """Wait until everything that was begun has ended."""
    async with asyncio.timeout(PATIENCE):
        while pool.pending:
            await asyncio.sleep(0.001)
