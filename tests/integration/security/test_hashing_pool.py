"""What keeps hashing bounded: threads, a queue, a deadline. Who is let into the queue: tests/unit/infrastructure."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable

import argon2
import pytest

from doorward.application.ports.security import Verdict
from doorward.domain.accounts.password import Password, PasswordHash
from doorward.domain.errors import HashingBusy
from doorward.infrastructure.security.argon2_libraries import argon2_library
from doorward.infrastructure.security.hashing_pool import LOWEST_PRIORITY, HashingPool
from doorward.infrastructure.security.passwords import Argon2Hasher
from doorward.testing.doubles import FrozenClock, ListLog
from support.hashing_gate import Gate, until_idle

SECRET = Password.typed("violet harbour kettle orbit")
OLD = argon2.PasswordHasher(1, 64, 1)
"""Cheap."""

On = Callable[[HashingPool], Argon2Hasher]


@pytest.fixture(params=["argon2-cffi", "libsodium"])
def hasher_on(request: pytest.FixtureRequest) -> On:
    """A hasher on the pool that it is given."""
    library = argon2_library(request.param)
    return lambda pool: Argon2Hasher(library, pool, ListLog())


def a_pool(threads: int, queue: int) -> HashingPool:
    return HashingPool(threads, queue, FrozenClock(), timeout_seconds=60.0)


async def test_beyond_threads_and_queue_it_is_busy_at_once(hasher_on: On) -> None:
    """OP-03."""
    pool = a_pool(2, 3)
    hasher, gate = hasher_on(pool), Gate(pool)
    for _ in range(5):
        gate.hold()
    await gate.full(2)
    for attempt in (hasher.hash(SECRET), hasher.verify(SECRET, None, "ada")):
        with pytest.raises(HashingBusy):
            await attempt
    gate.opened.set()
    await asyncio.gather(*gate.tasks)
    await until_idle(pool)
    assert await hasher.verify(SECRET, PasswordHash(OLD.hash(SECRET.value)), "ada") is Verdict.MATCH_OUTDATED
    pool.close()


async def test_a_permit_comes_back_when_the_thread_ends_and_not_when_the_request_does(hasher_on: On) -> None:
    """OP-03."""
    pool = a_pool(1, 0)
    hasher, gate = hasher_on(pool), Gate(pool)
    gate.hold()
    await gate.full(1)
    gate.tasks[0].cancel()
    await asyncio.gather(*gate.tasks, return_exceptions=True)
    assert gate.tasks[0].cancelled()
    with pytest.raises(HashingBusy):
        await hasher.verify(SECRET, None, "ada")
    gate.opened.set()
    await until_idle(pool)
    assert await hasher.verify(SECRET, None, "ada") is Verdict.MISMATCH
    pool.close()


async def test_who_leaves_the_queue_makes_room_at_once(hasher_on: On) -> None:
    """OP-03."""
    pool = a_pool(1, 1)
    hasher, gate = hasher_on(pool), Gate(pool)
    gate.hold()
    await gate.full(1)
    waiting = asyncio.create_task(hasher.verify(SECRET, None, "ada"))
    await asyncio.sleep(0)
    with pytest.raises(HashingBusy):
        await hasher.verify(SECRET, None, "ada")
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    another = asyncio.create_task(hasher.verify(SECRET, None, "ada"))
    await asyncio.sleep(0)
    assert not another.done()
    gate.opened.set()
    assert await another is Verdict.MISMATCH
    pool.close()


async def test_who_waits_too_long_is_told_that_it_is_busy(hasher_on: On) -> None:
    """OP-03."""
    pool = HashingPool(1, 4, FrozenClock(), timeout_seconds=0.0)
    with pytest.raises(HashingBusy):
        await hasher_on(pool).hash(SECRET)
    await until_idle(pool)
    pool.close()


async def test_a_storm_of_sign_ins_and_broken_connections_leaks_no_permit(hasher_on: On) -> None:
    pool = a_pool(2, 4)
    hasher, cheap = hasher_on(pool), PasswordHash(OLD.hash(SECRET.value))
    for round_ in range(40):
        tasks = [asyncio.create_task(hasher.verify(SECRET, cheap, "ada")) for _ in range(9)]
        for _ in range(round_ % 3):
            await asyncio.sleep(0)
        for task in tasks[round_ % 4 :: 2]:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert result is Verdict.MATCH_OUTDATED or isinstance(result, HashingBusy | asyncio.CancelledError)
    await until_idle(pool)
    pool.close()


async def test_after_closing_it_is_busy(hasher_on: On) -> None:
    pool = a_pool(1, 1)
    pool.close()
    for _ in range(3):
        with pytest.raises(HashingBusy):
            await hasher_on(pool).verify(SECRET, None, "ada")
    await until_idle(pool)


def test_making_one_starts_no_thread() -> None:
    before = threading.active_count()
    pool = a_pool(4, 4)
    assert threading.active_count() == before
    pool.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a priority is the whole process's")
async def test_its_threads_make_way_for_everybody_else() -> None:
    """OP-03: guarded requests go first."""
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    pool = a_pool(1, 0)
    priority = await pool.run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    assert priority == LOWEST_PRIORITY
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
    pool.close()


OUT_OF_MEMORY = """
import asyncio, resource, sys
from doorward.domain.accounts.password import Password
from doorward.domain.errors import HashingBusy
from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.security.argon2_libraries import argon2_library
from doorward.infrastructure.security.hashing_pool import HashingPool
from doorward.infrastructure.security.passwords import DUMMY_HASH, Argon2Hasher

class Log:
    def record(self, event, /, **fields):
        sys.exit(f"{event} was recorded")

async def main():
    pool = HashingPool(1, 1, SystemClock())
    hasher = Argon2Hasher(argon2_library(sys.argv[1]), pool, Log())
    await pool.run(int)
    pages = int(open("/proc/self/statm").read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 12_000_000,) * 2)
    password = Password.typed("x")
    verify = hasher.verify
    for work in (hasher.hash(password), verify(password, DUMMY_HASH, "ada"), verify(password, None, "ada")):
        try:
            print(await work)
        except HashingBusy:
            print("busy")

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("library", ["argon2-cffi", "libsodium"])
def test_no_memory_is_not_a_wrong_password(library: str) -> None:
    """OP-03, SI-12: the answer is to come again, not that the password is wrong."""
    one_arena = {**os.environ, "MALLOC_ARENA_MAX": "1"}  # else glibc has set 64 MiB aside for each thread already
    ended = subprocess.run(
        [sys.executable, "-c", OUT_OF_MEMORY, library],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=one_arena,
    )
    assert (ended.stdout.split(), ended.stderr) == (["busy"] * 3, "")
