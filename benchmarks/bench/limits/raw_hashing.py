"""Verifies one password repeatedly, in several threads, and prints the number of verifications per second.

Usage: python -m bench.limits.raw_hashing argon2-cffi|libsodium THREADS SECONDS
"""

import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import argon2
import nacl.pwhash

from doorward.infrastructure.security.passwords import LANES, MEMORY_KIB, PASSES

PASSWORD = b"violet harbour kettle"
BYTES_PER_KIB = 1024

Verify = Callable[[], object]


def argon2_cffi() -> Verify:
    hasher = argon2.PasswordHasher(PASSES, MEMORY_KIB, LANES)
    stored = hasher.hash(PASSWORD)
    return lambda: hasher.verify(stored, PASSWORD)


def libsodium() -> Verify:
    stored = nacl.pwhash.argon2id.str(PASSWORD, opslimit=PASSES, memlimit=MEMORY_KIB * BYTES_PER_KIB)
    return lambda: nacl.pwhash.argon2id.verify(stored, PASSWORD)


LIBRARIES: Mapping[str, Callable[[], Verify]] = {"argon2-cffi": argon2_cffi, "libsodium": libsodium}


def rate(verify: Verify, threads: int, seconds: float) -> float:
    """Verifications per second of all threads together."""
    start = perf_counter()

    def work() -> int:
        done = 0
        while perf_counter() - start < seconds:
            verify()
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        total = sum(pool.map(lambda _: work(), range(threads)))
    return total / (perf_counter() - start)


if __name__ == "__main__":
    library, threads, seconds = sys.argv[1:]
    sys.stdout.write(f"{rate(LIBRARIES[library](), int(threads), float(seconds))}\n")
