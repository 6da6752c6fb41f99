"""What keeps hashing bounded: the threads and the queue of Argon2Hasher."""

import asyncio
import os
import subprocess
import sys
import threading

import argon2
import pytest

from application.ports.security import Verdict
from domain.accounts.password import Password, PasswordHash
from domain.errors import HashingBusy
from doubles import ListLog
from infrastructure.security.passwords import LEAST_URGENT, Argon2Hasher

SECRET = Password.typed("violet harbour kettle orbit")
OLD = argon2.PasswordHasher(1, 64, 1)
"""Cheap."""


@pytest.fixture
def log() -> ListLog:
    return ListLog()


class Gate:
    """Occupies a hasher's threads until it opens."""

    def __init__(self, hasher: Argon2Hasher) -> None:
        self.opened = threading.Event()
        self.entered = threading.Semaphore(0)
        self.tasks: list[asyncio.Task[None]] = []
        self.hasher = hasher

    def hold(self) -> None:
        def wait() -> None:
            self.entered.release()
            assert self.opened.wait(30)

        self.tasks.append(asyncio.create_task(self.hasher._in_pool(wait)))

    async def full(self, threads: int) -> None:
        for _ in range(threads):
            assert await asyncio.to_thread(self.entered.acquire, timeout=30)


async def until_idle(hasher: Argon2Hasher, permits: int) -> None:
    """All permits come back within ten seconds, or the test fails."""
    async with asyncio.timeout(10):
        for _ in range(permits):
            while not hasher._permits.acquire(blocking=False):
                await asyncio.sleep(0.001)
    for _ in range(permits):
        hasher._permits.release()


async def test_beyond_threads_and_queue_it_is_busy_at_once(log: ListLog) -> None:
    """OP-03."""
    hasher = Argon2Hasher(2, 3, log)
    gate = Gate(hasher)
    for _ in range(5):
        gate.hold()
    await gate.full(2)
    for attempt in (hasher.hash(SECRET), hasher.verify(SECRET, None)):
        with pytest.raises(HashingBusy):
            await attempt
    gate.opened.set()
    await asyncio.gather(*gate.tasks)
    await until_idle(hasher, 5)
    assert await hasher.verify(SECRET, PasswordHash(OLD.hash(SECRET.value))) is Verdict.MATCH_OUTDATED
    hasher.close()


async def test_a_permit_comes_back_when_the_thread_ends_and_not_when_the_request_does(log: ListLog) -> None:
    """OP-03."""
    hasher = Argon2Hasher(1, 0, log)
    gate = Gate(hasher)
    gate.hold()
    await gate.full(1)
    gate.tasks[0].cancel()
    await asyncio.gather(*gate.tasks, return_exceptions=True)
    assert gate.tasks[0].cancelled()
    with pytest.raises(HashingBusy):
        await hasher.verify(SECRET, None)
    gate.opened.set()
    await until_idle(hasher, 1)
    assert await hasher.verify(SECRET, None) is Verdict.MISMATCH
    hasher.close()


async def test_who_leaves_the_queue_makes_room_at_once(log: ListLog) -> None:
    """OP-03."""
    hasher = Argon2Hasher(1, 1, log)
    gate = Gate(hasher)
    gate.hold()
    await gate.full(1)
    waiting = asyncio.create_task(hasher.verify(SECRET, None))
    await asyncio.sleep(0)
    with pytest.raises(HashingBusy):
        await hasher.verify(SECRET, None)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    another = asyncio.create_task(hasher.verify(SECRET, None))
    await asyncio.sleep(0)
    assert not another.done()
    gate.opened.set()
    assert await another is Verdict.MISMATCH
    hasher.close()


async def test_who_waits_too_long_is_told_that_it_is_busy(log: ListLog) -> None:
    """OP-03."""
    hasher = Argon2Hasher(1, 4, log, patience=0.0)
    with pytest.raises(HashingBusy):
        await hasher.hash(SECRET)
    await until_idle(hasher, 5)
    hasher.close()


async def test_a_storm_of_sign_ins_and_broken_connections_leaks_no_permit(log: ListLog) -> None:
    hasher = Argon2Hasher(2, 4, log)
    cheap = PasswordHash(OLD.hash(SECRET.value))
    for round_ in range(40):
        tasks = [asyncio.create_task(hasher.verify(SECRET, cheap)) for _ in range(9)]
        for _ in range(round_ % 3):
            await asyncio.sleep(0)
        for task in tasks[round_ % 4 :: 2]:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert result is Verdict.MATCH_OUTDATED or isinstance(result, HashingBusy | asyncio.CancelledError)
    await until_idle(hasher, 6)
    hasher.close()


async def test_after_closing_it_is_busy(log: ListLog) -> None:
    hasher = Argon2Hasher(1, 1, log)
    hasher.close()
    for _ in range(3):
        with pytest.raises(HashingBusy):
            await hasher.verify(SECRET, None)
    await until_idle(hasher, 2)


def test_making_one_starts_no_thread(log: ListLog) -> None:
    before = threading.active_count()
    hasher = Argon2Hasher(4, 4, log)
    assert threading.active_count() == before
    hasher.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a priority is the whole process's")
async def test_its_threads_make_way_for_everybody_else(log: ListLog) -> None:
    """OP-03: guarded requests go first."""
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    hasher = Argon2Hasher(1, 0, log)
    priority = await hasher._in_pool(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    assert priority == LEAST_URGENT
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
    hasher.close()


OUT_OF_MEMORY = """
import asyncio, resource, sys
from domain.accounts.password import Password
from domain.errors import HashingBusy
from infrastructure.security.passwords import DECOY, Argon2Hasher

class Log:
    def record(self, event, /, **fields):
        sys.exit(f"{event} was recorded")

async def main():
    hasher = Argon2Hasher(1, 1, Log())
    await hasher._in_pool(int)
    pages = int(open("/proc/self/statm").read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 12_000_000,) * 2)
    password = Password.typed("x")
    for work in (hasher.hash(password), hasher.verify(password, DECOY), hasher.verify(password, None)):
        try:
            print(await work)
        except HashingBusy:
            print("busy")

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_memory_is_not_a_wrong_password() -> None:
    """OP-03, SI-12: the answer is to come again, not that the password is wrong."""
    one_arena = {**os.environ, "MALLOC_ARENA_MAX": "1"}  # else glibc has set 64 MiB aside for each thread already
    ended = subprocess.run(
        [sys.executable, "-c", OUT_OF_MEMORY], capture_output=True, text=True, timeout=60, check=False, env=one_arena
    )
    assert (ended.stdout.split(), ended.stderr) == (["busy"] * 3, "")
