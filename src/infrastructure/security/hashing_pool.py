import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar, final

from doorward.application.ports.clock import Clock
from doorward.domain.errors import HashingBusy

T = TypeVar("T")

LONGEST_WAIT = 1.0
"""Seconds until it would be one's turn. Who would wait longer is told so at once: with the hash itself and all that is
done before and after it, a sign-in is answered within a second and a half, or refused before it began."""

PATIENCE = 1.4
"""Seconds after which a hash that took longer than was to be expected is given up; the rest of that second and a half
is for the database and the signature."""

FIRST_GUESS = 0.05
"""Seconds that a hash takes, until one was measured: twice what a machine of today needs."""

NEWEST = 1 / 8
"""The weight of the newest measurement in the mean, as TCP has it for its round trips (RFC 6298)."""

LEAST_URGENT = 19


@final
class HashingPool:
    """Threads for nothing but hashing, of the lowest priority, so that whoever is signed in already does not feel it.

    At most `threads` hashes are computed and at most `queue` wait, and none that would wait for more than LONGEST_WAIT;
    the rest is refused at once. What a thread computes counts until it is done, even when nobody waits for it any
    longer; what nobody waits for any longer before a thread began with it is not computed.
    """

    def __init__(self, threads: int, queue: int, clock: Clock, patience: float = PATIENCE) -> None:
        self._executor = ThreadPoolExecutor(threads, "argon2", initializer=yield_to_others)
        self._threads = threads
        self._most = threads + queue
        self._clock = clock
        self._patience = patience
        self._lock = threading.Lock()
        self.pending = 0
        self._mean = FIRST_GUESS

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises, in a thread of the pool. Raise HashingBusy."""
        self._enter()
        try:
            future = self._executor.submit(self._measured, work)
        except RuntimeError as error:  # closed, or the system has no thread to give
            self._leave()
            raise HashingBusy from error
        future.add_done_callback(self._leave)
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise HashingBusy from error

    def close(self) -> None:
        """Returns when the threads have ended; what is asked for afterwards is refused with HashingBusy."""
        self._executor.shutdown()

    def _enter(self) -> None:
        with self._lock:
            before_us = self.pending - self._threads + 1  # to be done until a thread is free: none, if one is idle
            if self.pending >= self._most or before_us * self._mean > LONGEST_WAIT * self._threads:
                raise HashingBusy
            self.pending += 1

    def _leave(self, _: Future[Any] | None = None) -> None:
        """When the thread is done, or before it began. Not when the request is gone: its hash still runs then."""
        with self._lock:
            self.pending -= 1

    def _measured(self, work: Callable[[], T]) -> T:
        """Of the wall clock: how long others must wait counts, whoever else uses the machine."""
        began = self._clock.monotonic()
        result = work()
        took = min(self._clock.monotonic() - began, PATIENCE)  # a machine that stood still tells nothing of hashes
        with self._lock:
            self._mean += NEWEST * (took - self._mean)
        return result


def yield_to_others() -> None:
    """Linux gives every thread a priority of its own; elsewhere this would be the whole process's.

    Neither SCHED_BATCH nor SCHED_IDLE besides: beside nice 19 no request was seen to gain by them, and of a thread that
    is next to never given a core nobody gets what it holds, be it a sign-in or the interpreter's lock.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LEAST_URGENT)
