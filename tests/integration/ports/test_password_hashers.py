"""The contract of PasswordHasher on every hasher that there is; a new one is one more parameter."""

from collections.abc import Iterator

import pytest

from doorward.application.ports.security import PasswordHasher
from doorward.infrastructure.security.argon2_libraries import argon2_library
from doorward.infrastructure.security.hashing_pool import HashingPool
from doorward.infrastructure.security.passwords import Argon2Hasher
from doorward.testing.contracts.password_hasher import *  # noqa: F403 the tests of the contract
from doorward.testing.doubles import FrozenClock, ListLog, PlainHasher
from support.contract_doubles import fails_for_doubles
from support.doubles import InterruptedHasher

LIBRARIES = ("argon2-cffi", "libsodium")
DOUBLES = {"plain": PlainHasher, "interrupted": InterruptedHasher}


@pytest.fixture(params=[*LIBRARIES, *DOUBLES])
def password_hasher(request: pytest.FixtureRequest) -> Iterator[PasswordHasher]:
    if request.param in DOUBLES:
        fails_for_doubles(request, "test_each_hash_has_a_salt_of_its_own")
        yield DOUBLES[request.param]()
        return
    pool = HashingPool(2, 8, FrozenClock(), timeout_seconds=60.0)
    yield Argon2Hasher(argon2_library(request.param), pool, ListLog())
    pool.close()
