import asyncio
import contextlib
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, final

from doorward.application.ports.clock import Clock
from doorward.domain.errors import HashingBusy

T = TypeVar("T")

MAX_WAIT_SECONDS = 1.0
"""The longest expected wait for a free thread. A longer one is refused at once. A sign-in whose hash is one of
Doorward's own is therefore answered within 1.5 seconds, or refused before it began."""

MAX_HASH_SECONDS = 0.4
"""The time that a hash may take beyond the longest wait before the request is rejected. The rest of the 1.5 seconds is
for the database and the signature. A hash of more than one unit of work has more time (see TIMEOUT_FACTOR)."""

TIMEOUT_FACTOR = 3
"""A hash may take this many times the expected time of each unit of work after the first. Otherwise the owner of an
imported hash that takes a second would never get in on a slow machine."""

MAX_UNIT_SECONDS = MAX_WAIT_SECONDS + MAX_HASH_SECONDS
"""The longest time of a unit that is measured. A machine that was suspended must not raise the mean."""

INITIAL_ESTIMATE_SECONDS = 0.05
"""The expected time of one unit of work before it was measured; twice what a present-day machine needs."""

SHARE_OF_A_LOGIN = 1 / 8
"""The part of the queue that one login name may hold. An account has two, its username and its email, so guesses at one
account hold a quarter at most. That both names share a quarter would tell strangers that they belong together."""

NEWEST_WEIGHT = 1 / 8
"""The weight of the newest measurement in the mean, as TCP weights its round-trip times (RFC 6298)."""

LOWEST_PRIORITY = 19
"""The largest nice value of Linux."""


@final
class HashingPool:
    """Threads that only hash passwords, with the lowest priority, so that hashing does not slow other requests down.

    At most `threads` hashes are computed and at most `queue` wait, none of them longer than `max_wait_seconds`. All
    others are refused at once. A login name holds at most SHARE_OF_A_LOGIN of that, measured in work, or one hash. A
    running hash counts until it is done, even if its request was cancelled. A waiting hash whose request was cancelled
    is not computed.
    """

    def __init__(
        self,
        threads: int,
        queue: int,
        clock: Clock,
        *,
        max_wait_seconds: float = MAX_WAIT_SECONDS,
        timeout_seconds: float | None = None,
    ) -> None:
        """`timeout_seconds` is for the wait and the hash together; by default MAX_HASH_SECONDS beyond the wait.
        It grows with the work of the hash."""
        self._executor = ThreadPoolExecutor(threads, "argon2", initializer=lower_priority)
        self._threads = threads
        self._max_pending = threads + queue
        self._clock = clock
        self._max_wait_seconds = max_wait_seconds
        self._timeout_seconds = max_wait_seconds + MAX_HASH_SECONDS if timeout_seconds is None else timeout_seconds
        self._lock = threading.Lock()
        self.pending = 0
        self._pending_work = 0
        self._work_of_logins = Counter[str]()
        self._seconds_per_unit = INITIAL_ESTIMATE_SECONDS

    async def run(self, compute: Callable[[], T], *, work: int = 1, login: str | None = None) -> T:
        """Return the result of `compute`, which runs in a thread of the pool. Raise HashingBusy.

        `work` is what it costs, in units of a new hash. `login` is the name whose share of the queue it takes.
        """
        self._enter(work, login)
        timeout = self._timeout_seconds + TIMEOUT_FACTOR * (work - 1) * self._seconds_per_unit
        try:
            future = self._executor.submit(self._measured, compute, work)
        except RuntimeError as error:  # the pool is closed, or the system cannot start a thread
            self._leave(work, login)
            raise HashingBusy(cause="no_thread") from error
        future.add_done_callback(lambda _: self._leave(work, login))
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise HashingBusy(cause="hash_too_slow") from error

    def close(self) -> None:
        """Return when the threads have ended. Later calls of `run` raise HashingBusy."""
        self._executor.shutdown()

    def _enter(self, work: int, login: str | None) -> None:
        with self._lock:
            if self.pending >= self._max_pending:
                raise HashingBusy(cause="queue_full")
            if self._expected_wait() > self._max_wait_seconds:
                raise HashingBusy(cause="wait_too_long")
            held = self._work_of_logins[login] if login is not None else 0
            if held and held + work > SHARE_OF_A_LOGIN * self._capacity():
                raise HashingBusy(cause="share_of_login_used")
            self._count(1, work, login)

    def _expected_wait(self) -> float:
        """Return the seconds until a thread is free; 0 if one is idle."""
        if self.pending < self._threads:
            return 0.0
        ahead = self.pending - self._threads + 1  # hashes to complete until then
        mean_work = self._pending_work / self.pending
        return ahead * mean_work * self._seconds_per_unit / self._threads

    def _capacity(self) -> float:
        """Return the units of work that the queue and the threads hold when nobody else is there, if each hash is of
        one unit."""
        return min(self._max_pending, self._max_wait_seconds * self._threads / self._seconds_per_unit)

    def _leave(self, work: int, login: str | None) -> None:
        """Count a hash as done: when its thread is done or when it never started, but not when its request is
        cancelled."""
        with self._lock:
            self._count(-1, -work, login)

    def _count(self, number: int, work: int, login: str | None) -> None:
        self.pending += number
        self._pending_work += work
        if login is not None:
            self._work_of_logins[login] += work
            if not self._work_of_logins[login]:
                del self._work_of_logins[login]

    def _measured(self, compute: Callable[[], T], work: int) -> T:
        """Return the result and measure its time by the wall clock, because that is what the others wait."""
        began = self._clock.monotonic()
        result = compute()
        took_per_unit = (self._clock.monotonic() - began) / work
        with self._lock:
            self._seconds_per_unit += NEWEST_WEIGHT * (min(took_per_unit, MAX_UNIT_SECONDS) - self._seconds_per_unit)
        return result


def lower_priority() -> None:
    """Lower the priority of this thread. Only Linux gives each thread a priority; elsewhere the whole process would be
    slowed.

    SCHED_BATCH and SCHED_IDLE add nothing. No request gained by them, and a thread that is hardly ever scheduled may
    hold the interpreter's lock or delay a sign-in.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
