"""Wrong implementations of KeySealer fail the tests of what is wrong with them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from doorward.domain.errors import InvalidKey
from doorward.domain.keys.signing_key import Algorithm, SigningKey
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.sealing import AesKeySealer
from doorward.testing.contracts import key_sealer
from doorward.testing.contracts.key_sealer import p256, pem_of, rsa_key
from doorward.testing.doubles import NOON
from support.contract_runs import Fixtures, failures

FORMER = MasterSecret(b"a master secret of yesterday")
AES, FORMER_AES = AesKeySealer(MasterSecret(b"a master secret of today", FORMER)), AesKeySealer(FORMER)

GENERATED, ALIKE = "test_a_generated_key_is_of_the_algorithm_and_signs_at_once", "test_no_two_generated_keys_are_alike"
TIMES, KINDS = "test_a_key_of_the_operator_is_sealed_with_its_times", "test_each_kind_of_key_has_its_one_algorithm"
IDS = "test_equal_keys_have_equal_ids_and_others_have_others"
STORED = "test_what_is_stored_holds_no_part_of_the_private_key"
UNFIT = "test_a_key_that_is_not_fit_is_refused_without_showing_it"
ALTERED, ONE_ID = "test_an_altered_seal_is_noticed", "test_a_seal_holds_for_one_id"
UNKNOWN = "test_a_sealer_opens_nothing_that_was_sealed_under_a_secret_that_it_does_not_know"
RESEALED = "test_what_the_previous_master_secret_sealed_can_be_sealed_under_the_present_one"
SAME = "test_what_the_present_master_secret_sealed_stays_as_it_is"


@cache
def sealed_rsa_key(pem: bytes) -> SigningKey:
    if pem == pem_of(rsa_key(2048)):
        raise InvalidKey("This RSA key is too short.")
    return AES.seal(pem, NOON, NOON)


class Sealer:
    """Seals as the service does, and each RSA key once, since making and reading them takes long."""

    sealer = AES

    def generate(self, now: datetime, algorithm: Algorithm = "ES256") -> SigningKey:
        if algorithm == "RS256":
            return Sealer.seal(self, pem_of(rsa_key(3072)), now, now)
        return self.sealer.generate(now, algorithm)

    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        if pem in map(pem_of, (rsa_key(2048), rsa_key(3072))):
            return replace(sealed_rsa_key(pem), created_at=now, signs_from=signs_from)
        return self.sealer.seal(pem, now, signs_from)

    def check(self, key: SigningKey) -> None:
        self.sealer.check(key)

    def resealed(self, key: SigningKey) -> SigningKey:
        return self.sealer.resealed(key)


class Former(Sealer):
    sealer = FORMER_AES


class GeneratesOneKind(Sealer):
    def generate(self, now: datetime, algorithm: Algorithm = "ES256") -> SigningKey:
        return AES.generate(now)


class GeneratesOneKey(Sealer):
    def generate(self, now: datetime, algorithm: Algorithm = "ES256") -> SigningKey:
        return Sealer.generate(self, now, algorithm) if algorithm != "ES256" else AES.seal(pem_of(p256()), now, now)


class GeneratesForTomorrow(Sealer):
    def generate(self, now: datetime, algorithm: Algorithm = "ES256") -> SigningKey:
        return replace(Sealer.generate(self, now, algorithm), signs_from=now + timedelta(days=1))


class SignsAtOnce(Sealer):
    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        return Sealer.seal(self, pem, now, now)


class CallsAllByOneAlgorithm(Sealer):
    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        return replace(Sealer.seal(self, pem, now, signs_from), algorithm="ES256")


class NumbersKeys(Sealer):
    """By the moment of their sealing."""

    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        return replace(Sealer.seal(self, pem, now, signs_from), kid=str(now))

    def check(self, key: SigningKey) -> None:
        AES.check(replace(key, kid=AES.seal(pem_of(p256()), NOON, NOON).kid) if key.kid[:2] == "20" else key)


class StoresKeysReadably(Sealer):
    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        key = Sealer.seal(self, pem, now, signs_from)
        return replace(key, sealed=key.sealed + b"|" + pem)

    def check(self, key: SigningKey) -> None:
        sealed, bar, pem = key.sealed.partition(b"|-----BEGIN")
        if bar and not pem.endswith(b"-----END PRIVATE KEY-----\n"):
            raise InvalidKey("altered")
        AES.check(replace(key, sealed=sealed))

    def resealed(self, key: SigningKey) -> SigningKey:
        self.check(key)
        return key if b"|-----BEGIN" in key.sealed else AES.resealed(key)


class ShowsWhatItRefuses(Sealer):
    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        try:
            return Sealer.seal(self, pem, now, signs_from)
        except InvalidKey as error:
            raise InvalidKey(f"not fit: {pem.decode()}") from error


class RaisesWhatItsLibraryRaises(Sealer):
    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        if pem != pem_of(rsa_key(3072)):
            load_pem_private_key(pem, None)
        return Sealer.seal(self, pem, now, signs_from)


class TakesAnyRow(Sealer):
    def check(self, key: SigningKey) -> None:
        """Check nothing."""


class LooksAtTheBeginning(Sealer):
    """And reads what was altered from its memory."""

    def __init__(self) -> None:
        self.known: dict[bytes, SigningKey] = {}

    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        key = Sealer.seal(self, pem, now, signs_from)
        return self.known.setdefault(key.sealed[:13], key)

    def check(self, key: SigningKey) -> None:
        AES.check(self.known.get(key.sealed[:13], key))


class ResealsNothing(Sealer):
    def resealed(self, key: SigningKey) -> SigningKey:
        AES.check(key)
        return key


class ResealsForgetfully(Sealer):
    """A key that is sealed again signs at once."""

    def resealed(self, key: SigningKey) -> SigningKey:
        resealed = AES.resealed(key)
        return resealed if resealed is key else replace(resealed, signs_from=key.created_at)


class ResealsAlways(Sealer):
    def resealed(self, key: SigningKey) -> SigningKey:
        AES.check(key)
        return replace(AES.resealed(key))


class ResealsAnyRow(Sealer):
    def resealed(self, key: SigningKey) -> SigningKey:
        try:
            return AES.resealed(key)
        except InvalidKey:
            return key


SEALERS: dict[type[Sealer], set[str]] = {
    Sealer: set(),
    GeneratesOneKind: {GENERATED},
    GeneratesOneKey: {ALIKE, ONE_ID},
    GeneratesForTomorrow: {GENERATED},
    SignsAtOnce: {TIMES},
    CallsAllByOneAlgorithm: {KINDS},
    NumbersKeys: {IDS, SAME, RESEALED},
    StoresKeysReadably: {STORED},
    ShowsWhatItRefuses: {UNFIT},
    RaisesWhatItsLibraryRaises: {UNFIT},
    TakesAnyRow: {ALTERED, ONE_ID},
    LooksAtTheBeginning: {ALTERED},
    ResealsNothing: {RESEALED},
    ResealsForgetfully: {RESEALED},
    ResealsAlways: {SAME},
    ResealsAnyRow: {ALTERED, ONE_ID},
}


def test_each_wrong_sealer_fails_for_what_is_wrong_and_each_test_finds_one() -> None:
    def implementation(sealer: type[Sealer], former: type[Sealer] = Former) -> Callable[[], Fixtures]:
        return lambda: {"key_sealer": sealer(), "former_key_sealer": former()}

    made = {sealer.__name__: implementation(sealer) for sealer in SEALERS}
    made["KnowsTheNextSecret"] = implementation(Sealer, Sealer)
    failed, tests = failures(key_sealer, made)
    expected = {sealer.__name__: tests for sealer, tests in SEALERS.items()}
    assert failed == expected | {"KnowsTheNextSecret": {UNKNOWN, RESEALED}}
    assert set.union(*failed.values()) == tests
