from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from doorward.domain.errors import InvalidKey
from doorward.domain.keys.signing_key import Algorithm
from doorward.infrastructure.security.jwk import public_jwk, thumbprint
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.sealing import AesKeySealer
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.testing.doubles import NOON
from support.jwt.material import Key, pem_of

SEALER = AesKeySealer(MasterSecret(b"a master secret for tests alone"))
P256 = ec.generate_private_key(ec.SECP256R1())
LATER = NOON + timedelta(seconds=10)


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 3072)


def traditional(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def numbers(key: Key) -> object:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_key_of_each_algorithm_can_be_generated(algorithm: Algorithm) -> None:
    """TK-19."""
    key = SEALER.generate(NOON, algorithm)
    private = SEALER.open(key)
    assert (key.algorithm, key.signs_from) == (algorithm, NOON)
    assert key.kid == thumbprint(private.public_key())
    assert SEALER.seal(pem_of(private), NOON, LATER).algorithm == algorithm, "fit by the rules for the operator's own"
    assert not isinstance(private, rsa.RSAPrivateKey) or private.key_size == 3072


def test_each_kind_of_key_is_bound_to_its_one_algorithm(rsa_key: rsa.RSAPrivateKey) -> None:
    """TK-02, TK-19."""
    ed = ed25519.Ed25519PrivateKey.generate()
    keys: list[tuple[Key, str]] = [(P256, "ES256"), (ed, "EdDSA"), (rsa_key, "RS256")]
    for private, algorithm in keys:
        sealed = SEALER.seal(pem_of(private), NOON, LATER)
        assert (sealed.algorithm, sealed.created_at, sealed.signs_from) == (algorithm, NOON, LATER)
        assert sealed.kid == thumbprint(private.public_key())
        assert numbers(SEALER.open(sealed)) == numbers(private)


def test_traditional_pem_is_read_too(rsa_key: rsa.RSAPrivateKey) -> None:
    curve_first = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + traditional(P256)
    for pem, algorithm in ((traditional(P256), "ES256"), (traditional(rsa_key), "RS256"), (curve_first, "ES256")):
        assert SEALER.seal(pem, NOON, LATER).algorithm == algorithm


def test_what_is_stored_holds_no_part_of_the_private_key() -> None:
    """ST-05: a dump of the database mints nothing."""
    sealed = SEALER.seal(pem_of(P256), NOON, LATER)
    secret = P256.private_numbers().private_value.to_bytes(32)
    assert secret not in sealed.sealed
    assert secret[:8] not in sealed.sealed
    with pytest.raises(ValueError, match=r".+"):
        load_der_private_key(sealed.sealed[13:], None)
    assert repr(sealed.sealed) not in repr(sealed)


def test_no_two_seals_are_alike() -> None:
    pem = pem_of(P256)
    assert SEALER.seal(pem, NOON, LATER).sealed != SEALER.seal(pem, NOON, LATER).sealed


def test_another_master_secret_opens_nothing_and_says_why() -> None:
    """ST-05."""
    other = AesKeySealer(MasterSecret(b"another master secret for tests"))
    with pytest.raises(StartRefused, match="sealed under another DOORWARD_SECRET_KEY"):
        other.open(SEALER.generate(NOON))


def test_what_the_previous_master_secret_sealed_opens_and_can_be_sealed_under_the_present_one() -> None:
    """ST-05."""
    old, new = MasterSecret(b"a master secret of yesterday"), MasterSecret(b"a master secret of today")
    both, alone = AesKeySealer(replace(new, previous=old)), AesKeySealer(new)
    key = AesKeySealer(old).seal(pem_of(P256), NOON, LATER)
    assert numbers(both.open(key)) == numbers(P256)
    resealed = both.resealed(key)
    assert replace(resealed, sealed=key.sealed) == key
    assert numbers(alone.open(resealed)) == numbers(P256)
    with pytest.raises(StartRefused):
        AesKeySealer(old).open(resealed)
    assert both.resealed(resealed) is resealed
    alone.check(both.generate(NOON))


def test_what_neither_master_secret_sealed_is_not_sealed_anew() -> None:
    """ST-05."""
    both = AesKeySealer(MasterSecret(b"a master secret of today", MasterSecret(b"a master secret of yesterday")))
    key = SEALER.generate(NOON)
    for broken in (key, replace(key, sealed=b""), replace(key, sealed=b"\x02" + key.sealed[1:])):
        with pytest.raises(InvalidKey, match=key.kid):
            both.resealed(broken)


def test_a_seal_holds_for_one_kid_and_one_algorithm() -> None:
    """ST-05: a row cannot pass for another."""
    key = SEALER.generate(NOON)
    for changed in (replace(key, kid="other"), replace(key, algorithm="EdDSA")):
        with pytest.raises(StartRefused):
            SEALER.open(changed)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 200), st.integers(1, 255))
def test_a_byte_changed_anywhere_is_noticed(position: int, mask: int) -> None:
    key = SEALER.seal(pem_of(P256), NOON, LATER)
    position %= len(key.sealed)
    changed = key.sealed[:position] + bytes([key.sealed[position] ^ mask]) + key.sealed[position + 1 :]
    with pytest.raises(StartRefused):
        SEALER.open(replace(key, sealed=changed))


@pytest.mark.parametrize("length", [0, 1, 12, 13, 28, 29])
def test_a_seal_cut_short_is_noticed(length: int) -> None:
    key = SEALER.generate(NOON)
    with pytest.raises(StartRefused):
        SEALER.open(replace(key, sealed=key.sealed[:length]))


def test_a_later_form_of_seal_is_told_from_a_wrong_secret() -> None:
    key = SEALER.generate(NOON)
    with pytest.raises(StartRefused, match="does not know"):
        SEALER.open(replace(key, sealed=b"\x02" + key.sealed[1:]))


UNFIT: dict[str, tuple[Callable[[], bytes], str]] = {
    "RSA of 2,048 bits": (lambda: pem_of(rsa.generate_private_key(65_537, 2048)), "2048 bits"),
    "RSA with exponent 3": (lambda: pem_of(rsa.generate_private_key(3, 3072)), "exponent"),
    "P-384": (lambda: pem_of(ec.generate_private_key(ec.SECP384R1())), "secp384r1"),
    "secp256k1": (lambda: pem_of(ec.generate_private_key(ec.SECP256K1())), "secp256k1"),
    "Ed448": (
        lambda: pem_of(ed448.Ed448PrivateKey.generate()),
        "Ed25519",
    ),
    "X25519": (
        lambda: pem_of(x25519.X25519PrivateKey.generate()),
        "Ed25519",
    ),
    "DSA": (
        lambda: pem_of(dsa.generate_private_key(1024)),
        "Ed25519",
    ),
    "a passphrase": (
        lambda: P256.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")),
        "passphrase",
    ),
    "a passphrase in the traditional form": (
        lambda: P256.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"x")),
        "passphrase",
    ),
    "the public half": (
        lambda: P256.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "public half",
    ),
    "a certificate": (lambda: b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "public half"),
    "DER": (lambda: P256.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), "PEM"),
    "OpenSSH": (lambda: b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA", "PEM"),
    "nothing": (lambda: b"", "PEM"),
    "half a key": (lambda: pem_of(P256)[:90], "PEM"),
    "a secret": (lambda: b"secret", "PEM"),
    "too much": (lambda: pem_of(P256) * 100, "too long"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_key_that_is_not_fit_is_refused_with_what_would_be(name: str) -> None:
    """TK-19."""
    pem, words = UNFIT[name]
    with pytest.raises(InvalidKey, match=words) as refused:
        SEALER.seal(pem(), NOON, LATER)
    assert "Bring a private key in PEM" in str(refused.value) or "openssl pkey" in str(refused.value)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200), st.integers(0, 200))
def test_a_mangled_key_is_refused_or_read_and_never_raises_anything_else(junk: bytes, position: int) -> None:
    pem = pem_of(P256)
    position %= len(pem)
    try:
        SEALER.seal(pem[:position] + junk + pem[position + len(junk) :], NOON, LATER)
    except InvalidKey as refused:
        assert refused.code == "invalid_key"  # noqa: PT017 whichever of the two it is


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    """The example of RFC 7638, section 3.1, and that of RFC 8037, appendix A.3."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3okn"
        "jhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6q"
        "MQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awap"
        "JzKnqDKgw"
    )
    rsa_key = jwt.PyJWK({"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256"}).key
    ed_key = jwt.PyJWK({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}).key
    assert thumbprint(rsa_key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert thumbprint(ed_key) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_a_public_jwk_has_no_private_member_and_reads_back(rsa_key: rsa.RSAPrivateKey) -> None:
    """TK-20: what any document of keys may be made of."""
    keys: list[Key] = [P256, ed25519.Ed25519PrivateKey.generate(), rsa_key]
    for key in keys:
        members = public_jwk(key.public_key())
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(members)
        assert thumbprint(jwt.PyJWK(members).key) == thumbprint(key.public_key())
