"""The contract of KeySealer on AES-GCM, and on the double."""

from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from doorward.application.ports.security import KeySealer
from doorward.domain.errors import InvalidKey
from doorward.domain.keys.signing_key import Algorithm, SigningKey
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.sealing import AesKeySealer
from doorward.testing.contracts.key_sealer import *  # noqa: F403 the tests of the contract
from doorward.testing.doubles import PlainSealer
from support.contract_doubles import fails_for_doubles

FORMER = MasterSecret(b"a master secret of yesterday")
PRESENT = MasterSecret(b"a master secret of today", FORMER)

READS_NO_KEYS = (
    "test_each_kind_of_key_has_its_one_algorithm",
    "test_what_is_stored_holds_no_part_of_the_private_key",
    "test_a_key_that_is_not_fit_is_refused_without_showing_it",
)


@dataclass(frozen=True, slots=True)
class FormerPlainSealer:
    """What PlainSealer was before the secret was replaced."""

    sealer: PlainSealer = field(default_factory=PlainSealer)

    def generate(self, now: datetime, algorithm: Algorithm = "ES256") -> SigningKey:
        return self.before(self.sealer.generate(now, algorithm))

    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        return self.before(self.sealer.seal(pem, now, signs_from))

    def check(self, key: SigningKey) -> None:
        if not key.sealed.startswith(b"before:"):
            raise InvalidKey("This key was sealed later.")
        self.sealer.check(key)

    def resealed(self, key: SigningKey) -> SigningKey:
        self.check(key)
        return key

    def before(self, key: SigningKey) -> SigningKey:
        return replace(key, sealed=b"before:" + key.sealed)


@pytest.fixture(params=["aes", "double"])
def key_sealer(request: pytest.FixtureRequest) -> KeySealer:
    if request.param == "aes":
        return AesKeySealer(PRESENT)
    fails_for_doubles(request, *READS_NO_KEYS)
    return PlainSealer()


@pytest.fixture
def former_key_sealer(key_sealer: KeySealer) -> KeySealer:
    return FormerPlainSealer() if isinstance(key_sealer, PlainSealer) else AesKeySealer(FORMER)
