"""Verifies one password again and again, in as many threads as are asked for, and prints how often in a second.

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
KIB = 1024

Check = Callable[[], object]


def by_argon2_cffi() -> Check:
    hasher = argon2.PasswordHasher(PASSES, MEMORY_KIB, LANES)
    stored = hasher.hash(PASSWORD)
    return lambda: hasher.verify(stored, PASSWORD)


def by_libsodium() -> Check:
    stored = nacl.pwhash.argon2id.str(PASSWORD, opslimit=PASSES, memlimit=MEMORY_KIB * KIB)
    return lambda: nacl.pwhash.argon2id.verify(stored, PASSWORD)


LIBRARIES: Mapping[str, Callable[[], Check]] = {"argon2-cffi": by_argon2_cffi, "libsodium": by_libsodium}


def rate(check: Check, threads: int, seconds: float) -> float:
    began = perf_counter()

    def work() -> int:
        done = 0
        while perf_counter() - began < seconds:
            check()
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        total = sum(pool.map(lambda _: work(), range(threads)))
    return total / (perf_counter() - began)


if __name__ == "__main__":
    library, threads, seconds = sys.argv[1:]
    sys.stdout.write(f"{rate(LIBRARIES[library](), int(threads), float(seconds))}\n")
