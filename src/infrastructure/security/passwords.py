import asyncio
import contextlib
import os
import re
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar, final

import argon2
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError
from argon2.low_level import error_to_str

from application.ports.security import SecurityLog, Verdict
from domain.accounts.password import Password, PasswordHash
from domain.errors import HashingBusy

T = TypeVar("T")

MEMORY, TIME, PARALLELISM = 19_456, 2, 1
"""KiB, passes, lanes: the OWASP Password Storage Cheat Sheet's Argon2id."""

SALT, HASH = 16, 32
MOST_MEMORY, MOST_TIME, MOST_PARALLELISM = 131_072, 10, 8
"""What a stored hash may ask for: an imported one of twice a usual strength, and no gigabyte."""

PHC = re.compile(
    r"\$argon2(?:id|i|d)\$v=(?:16|19)\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}",
    re.ASCII,
)
TODAYS = re.compile(
    rf"\$argon2id\$v=19\$m={MEMORY},t={TIME},p={PARALLELISM}\$[A-Za-z0-9+/]{{22}}\$[A-Za-z0-9+/]{{43}}",
    re.ASCII,
)
DECOY = f"$argon2id$v=19$m={MEMORY},t={TIME},p={PARALLELISM}${'A' * 22}${'A' * 43}"
"""No password's hash, and as much work as one: written down, so that the first sign-in of all costs no more."""

OUT_OF_RESOURCES = frozenset(map(error_to_str, (-22, -33)))
"""libargon2 got no memory, or no thread."""

PATIENCE = 5.0
LEAST_URGENT = 19


@final
class Argon2Hasher:
    """Argon2id in threads of its own, of the lowest priority, so that whoever is signed in already does not feel it.

    At most `threads` hashes are computed and at most `queue` wait, for at most `patience` seconds; the rest is refused
    at once. What a thread computes counts until it is done, even when nobody waits for it any longer.
    """

    def __init__(self, threads: int, queue: int, log: SecurityLog, patience: float = PATIENCE) -> None:
        self._library = argon2.PasswordHasher(TIME, MEMORY, PARALLELISM, HASH, SALT)
        self._pool = ThreadPoolExecutor(threads, "argon2", initializer=yield_to_others)
        self._permits = threading.BoundedSemaphore(threads + queue)
        self._log = log
        self._patience = patience

    async def hash(self, password: Password) -> PasswordHash:
        return PasswordHash(await self._in_pool(lambda: self._hashed(octets(password))))

    async def verify(self, password: Password, stored: PasswordHash | None) -> Verdict:
        damage = None if stored is None else unfit(stored)
        phc = DECOY if stored is None or damage else stored
        try:
            matches = await self._in_pool(lambda: self._matches(octets(password), phc))
        except (VerificationError, InvalidHashError):
            damage, matches = "undecodable", False
            await self._in_pool(lambda: self._matches(octets(password), DECOY))
        if damage:
            self._log.record("password_hash_unusable", reason=damage)
        if phc is DECOY or not matches:
            return Verdict.MISMATCH
        return Verdict.MATCH if TODAYS.fullmatch(phc) else Verdict.MATCH_OUTDATED

    def damage(self, stored: str) -> str | None:
        return unfit(stored)

    def close(self) -> None:
        """Returns when the threads have ended; what is asked for afterwards is refused with HashingBusy."""
        self._pool.shutdown()

    async def _in_pool(self, work: Callable[[], T]) -> T:
        if not self._permits.acquire(blocking=False):
            raise HashingBusy
        try:
            future = self._pool.submit(work)
        except RuntimeError as error:  # closed, or the system has no thread to give
            self._permits.release()
            raise HashingBusy from error
        future.add_done_callback(self._give_back)
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise HashingBusy from error

    def _give_back(self, _: Future[T]) -> None:
        """When the thread is done, or before it began. Not when the request is gone: its hash still runs then."""
        self._permits.release()

    def _hashed(self, password: bytes) -> str:
        try:
            return self._library.hash(password)
        except HashingError as error:
            raise HashingBusy from error

    def _matches(self, password: bytes, phc: str) -> bool:
        """Raise VerificationError or InvalidHashError for a hash that cannot be read."""
        try:
            return self._library.verify(phc, password)
        except VerifyMismatchError:
            return False
        except VerificationError as error:
            if str(error) in OUT_OF_RESOURCES:
                raise HashingBusy from error
            raise


def octets(password: Password) -> bytes:
    """UTF-8; a lone surrogate, which is no text, becomes bytes that are none either and never raises."""
    return password.value.encode("utf-8", "surrogatepass")


def unfit(stored: str) -> str | None:
    """Why this hash is not even tried; None for one that is."""
    phc = PHC.fullmatch(stored)
    if phc is None:
        return "malformed"
    memory, time, parallelism = map(int, phc.groups())
    small_enough = memory <= MOST_MEMORY and time <= MOST_TIME and parallelism <= MOST_PARALLELISM
    return None if small_enough else "absurd parameters"


def yield_to_others() -> None:
    """Linux gives every thread a priority of its own; elsewhere this would be the whole process's."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LEAST_URGENT)
