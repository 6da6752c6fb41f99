"""The contract of KeySealer, for two fixtures.

`key_sealer` is the sealer, and `former_key_sealer` returns one with another master secret, which `key_sealer` knows as
the previous one.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from itertools import product

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from doorward.application.ports.security import KeySealer
from doorward.domain.errors import InvalidKey
from doorward.domain.keys.signing_key import Algorithm
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON

LATER = NOON + timedelta(seconds=10)


@lru_cache
def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@lru_cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, bits)


def pem_of(key: PrivateKeyTypes) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


KEYS: dict[Algorithm, Callable[[], PrivateKeyTypes]] = {
    "ES256": p256,
    "EdDSA": Ed25519PrivateKey.generate,
    "RS256": lambda: rsa_key(3072),
}
UNFIT: tuple[Callable[[], bytes], ...] = (
    lambda: b"",
    lambda: b"the quick brown fox",
    lambda: pem_of(p256())[:90],
    lambda: p256().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    lambda: pem_of(ec.generate_private_key(ec.SECP384R1())),
    lambda: pem_of(rsa_key(2048)),
)


@proves(KeySealer.generate, "Return a new key of the algorithm")
def test_a_generated_key_is_of_the_algorithm_and_signs_at_once(key_sealer: KeySealer) -> None:
    """TK-19."""
    for algorithm in KEYS:
        key = key_sealer.generate(NOON, algorithm)
        key_sealer.check(key)
        assert (key.algorithm, key.created_at, key.signs_from) == (algorithm, NOON, NOON)


@proves(KeySealer.generate, "No two keys are alike")
def test_no_two_generated_keys_are_alike(key_sealer: KeySealer) -> None:
    keys = [key_sealer.generate(NOON) for _ in range(5)]
    assert len({key.kid for key in keys}) == len({key.sealed for key in keys}) == 5
    assert {key.algorithm for key in keys} == {"ES256"}


@proves(KeySealer.seal, "Return a private key of the operator")
def test_a_key_of_the_operator_is_sealed_with_its_times(key_sealer: KeySealer) -> None:
    key = key_sealer.seal(pem_of(p256()), NOON, LATER)
    key_sealer.check(key)
    assert (key.created_at, key.signs_from) == (NOON, LATER)


@proves(KeySealer.seal, "P-256 becomes ES256")
def test_each_kind_of_key_has_its_one_algorithm(key_sealer: KeySealer) -> None:
    """TK-02, TK-19."""
    for algorithm, make in KEYS.items():
        assert key_sealer.seal(pem_of(make()), NOON, LATER).algorithm == algorithm


@proves(KeySealer.seal, "Equal keys have equal ids")
def test_equal_keys_have_equal_ids_and_others_have_others(key_sealer: KeySealer) -> None:
    mine, other = pem_of(p256()), pem_of(ec.generate_private_key(ec.SECP256R1()))
    assert key_sealer.seal(mine, NOON, NOON).kid == key_sealer.seal(mine, LATER, LATER).kid
    assert key_sealer.seal(mine, NOON, NOON).kid != key_sealer.seal(other, NOON, NOON).kid


@proves(KeySealer.seal, "The sealed key contains no part")
def test_what_is_stored_holds_no_part_of_the_private_key(key_sealer: KeySealer) -> None:
    """ST-05: a dump of the database mints nothing."""
    key = key_sealer.seal(pem_of(p256()), NOON, LATER)
    secret = p256().private_numbers().private_value.to_bytes(32)
    text = b"".join(pem_of(p256()).splitlines()[1:-1])
    stored = key.sealed + key.kid.encode()
    assert not any(secret[start : start + 8] in stored for start in range(25))
    assert not any(text[start : start + 16] in stored for start in range(len(text) - 15))


@proves(KeySealer.seal, "Raise InvalidKey for any other text", "The refusal contains no part")
def test_a_key_that_is_not_fit_is_refused_without_showing_it(key_sealer: KeySealer) -> None:
    """TK-19."""
    for make in UNFIT:
        pem = make()
        with pytest.raises(InvalidKey) as refused:
            key_sealer.seal(pem, NOON, LATER)
        assert str(refused.value)
        assert not any(line.decode() in str(refused.value) for line in pem.splitlines() if line)


@proves(KeySealer.check, "Raise InvalidKey when", "That is so when it was sealed under another")
def test_an_altered_seal_is_noticed(key_sealer: KeySealer) -> None:
    """ST-05."""
    key = key_sealer.seal(pem_of(p256()), NOON, LATER)
    for altered, tried in product(altered_forms(key.sealed), (key_sealer.check, key_sealer.resealed)):
        with pytest.raises(InvalidKey):
            tried(replace(key, sealed=altered))


def altered_forms(sealed: bytes) -> tuple[bytes, ...]:
    """Return what is not quite the sealed form: without its end, longer, and with other bytes."""
    last, middle = bytes([sealed[-1] ^ 1]), bytes([sealed[14] ^ 1])
    others = (sealed[:-1] + last, sealed[:14] + middle + sealed[15:], b"\xff" * len(sealed))
    return (b"", sealed[:-1], sealed + b"\0", *others)


@proves(KeySealer.check, "That is so when it was sealed under another")
@proves(KeySealer.resealed, "Raise InvalidKey when")
def test_a_seal_holds_for_one_id(key_sealer: KeySealer) -> None:
    """ST-05: a row cannot pass for another."""
    key, other = key_sealer.generate(NOON), key_sealer.generate(NOON)
    for tried in (key_sealer.check, key_sealer.resealed):
        with pytest.raises(InvalidKey):
            tried(replace(key, kid=other.kid))


@proves(KeySealer.check, "That is so when it was sealed under another")
def test_a_sealer_opens_nothing_that_was_sealed_under_a_secret_that_it_does_not_know(
    key_sealer: KeySealer, former_key_sealer: KeySealer
) -> None:
    """ST-05."""
    key = key_sealer.generate(NOON)
    with pytest.raises(InvalidKey):
        former_key_sealer.check(key)


@proves(KeySealer.resealed, "Return the key, sealed under the current")
def test_what_the_previous_master_secret_sealed_can_be_sealed_under_the_present_one(
    key_sealer: KeySealer, former_key_sealer: KeySealer
) -> None:
    """ST-05."""
    key = former_key_sealer.seal(pem_of(p256()), NOON, LATER)
    key_sealer.check(key)
    resealed = key_sealer.resealed(key)
    assert resealed.sealed != key.sealed
    assert replace(resealed, sealed=key.sealed) == key
    assert resealed.kid == key_sealer.seal(pem_of(p256()), NOON, LATER).kid
    with pytest.raises(InvalidKey):
        former_key_sealer.check(resealed)


@proves(KeySealer.resealed, "The same object is returned")
def test_what_the_present_master_secret_sealed_stays_as_it_is(key_sealer: KeySealer) -> None:
    key = key_sealer.seal(pem_of(p256()), NOON, LATER)
    assert key_sealer.resealed(key) is key
