from dataclasses import dataclass, field

from doorward.application.ports.security import Verdict
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.accounts.password import Password, PasswordHash
from doorward.infrastructure.security.hashing_pool import HashingPool
from doorward.infrastructure.security.passwords import DUMMY_HASH, Argon2Hasher, Undecodable
from doorward.testing.doubles import FrozenClock, ListLog


@dataclass
class DummyHashLibrary:
    """A library that can decode only the dummy hash, and records which hashes it was given."""

    name: str = "dummy hash only"
    verified: list[str] = field(default_factory=list)

    def hash(self, password: bytes) -> str:
        raise AssertionError("No password is hashed here, only verified.")

    def verify(self, phc: str, password: bytes) -> bool:
        self.verified.append(phc)
        if phc != DUMMY_HASH:
            raise Undecodable
        return True


async def test_a_hash_that_cannot_be_read_costs_as_much_as_one_that_can_and_no_second_place_in_the_queue() -> None:
    """SI-02, SI-12: a password that matches the dummy hash does not match the account."""
    library, log = DummyHashLibrary(), ListLog()
    pool = HashingPool(1, 0, FrozenClock(), timeout_seconds=60.0)
    hasher = Argon2Hasher(library, pool, log)
    stored = PasswordHash(f"$argon2id$v=19$m=19457,t=2,p=1${'A' * 22}${'A' * 43}")
    assert await hasher.verify(Password.typed("x"), stored, "ada") is Verdict.MISMATCH
    assert library.verified == [stored, DUMMY_HASH]
    assert log.of(SecurityEvent.PASSWORD_HASH_UNUSABLE) == [{"reason": "undecodable"}]
    assert await hasher.verify(Password.typed("x"), None, "ada") is Verdict.MISMATCH
    pool.close()
