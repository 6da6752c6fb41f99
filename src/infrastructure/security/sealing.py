"""Encrypts private keys at rest: AES-256-GCM under a key derived from the master secret.

A sealed key is one version byte, 12 bytes of nonce, then ciphertext and tag of the PKCS#8 form of the key. `kid` and
algorithm are authenticated, so that a row of the database cannot be replaced by another.
"""

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast, final

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

from doorward.domain.errors import InvalidKey
from doorward.domain.keys.signing_key import Algorithm, SigningKey
from doorward.infrastructure.security.jwk import PrivateKey, thumbprint
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.settings.start_refused import StartRefused

PURPOSE = b"doorward signing keys v1"
VERSION = b"\x01"
NONCE_BYTES = 12
MAX_PEM_BYTES = 16_384
MIN_RSA_BITS, MAX_RSA_BITS = 3072, 8192
PUBLIC_EXPONENT = 65_537
GENERATORS: Mapping[Algorithm, Callable[[], PrivateKey]] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": Ed25519PrivateKey.generate,
    "RS256": lambda: generate_private_key(PUBLIC_EXPONENT, MIN_RSA_BITS),
}
ACCEPTED_KEYS = "Bring a private key in PEM: P-256, Ed25519, or RSA of 3,072 to 8,192 bits."


@final
class AesKeySealer:
    """Implements KeySealer. Nobody can open a sealed key without the master secret."""

    def __init__(self, secret: MasterSecret) -> None:
        self._ciphers = [AESGCM(key) for key in secret.derive_all(PURPOSE)]
        """The first cipher seals keys. Each of them opens keys."""

    def generate(self, now: datetime, algorithm: Algorithm = "ES256") -> SigningKey:
        return self._sealed(GENERATORS[algorithm](), now, now)

    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        return self._sealed(parse_pem(pem), now, signs_from)

    def open(self, key: SigningKey) -> PrivateKey:
        """Return the private key. Raise StartRefused if it was sealed under another secret or by a later version, or if
        the row was altered."""
        if key.sealed[:1] != VERSION:
            raise StartRefused(
                f"signing key {key.kid} is sealed in a form that this version of Doorward does not know: "
                f"start a later version, or take the key out with: {revocation(key.kid)}",
            )
        plain = next((plain for cipher in self._ciphers if (plain := unsealed(key, cipher)) is not None), None)
        if plain is None:
            raise StartRefused(
                f"signing key {key.kid} was sealed under another DOORWARD_SECRET_KEY: give that one, "
                f"as DOORWARD_SECRET_KEY_PREVIOUS if it was replaced, or take the key out with: {revocation(key.kid)}",
            )
        return cast("PrivateKey", load_der_private_key(plain, None, unsafe_skip_rsa_key_validation=True))

    def check(self, key: SigningKey) -> None:
        try:
            self.open(key)
        except StartRefused as error:
            raise InvalidKey(str(error)) from error

    def resealed(self, key: SigningKey) -> SigningKey:
        self.check(key)
        if unsealed(key, self._ciphers[0]) is not None:
            return key
        return self._sealed(self.open(key), key.created_at, key.signs_from)

    def _sealed(self, private: PrivateKey, now: datetime, signs_from: datetime) -> SigningKey:
        kid, algorithm = thumbprint(private.public_key()), algorithm_of(private)
        plain = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        nonce = os.urandom(NONCE_BYTES)
        return SigningKey(
            kid=kid,
            algorithm=algorithm,
            sealed=VERSION + nonce + self._ciphers[0].encrypt(nonce, plain, associated_data(kid, algorithm)),
            created_at=now,
            signs_from=signs_from,
        )


def unsealed(key: SigningKey, cipher: AESGCM) -> bytes | None:
    """Return the private key, or None if it was sealed with another cipher or the row was altered."""
    nonce, sealed = key.sealed[1 : 1 + NONCE_BYTES], key.sealed[1 + NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, sealed, associated_data(key.kid, key.algorithm))
    except (InvalidTag, ValueError):
        return None


def revocation(kid: str) -> str:
    return f"doorward keys revoke {'-- ' if kid.startswith('-') else ''}{kid}"


def associated_data(kid: str, algorithm: Algorithm) -> bytes:
    return VERSION + f"{kid}\0{algorithm}".encode()


def parse_pem(pem: bytes) -> PrivateKey:
    """Return the private key. Raise InvalidKey for every key that `algorithm_of` does not accept."""
    if len(pem) > MAX_PEM_BYTES:
        raise InvalidKey(f"This is too long for a private key. {ACCEPTED_KEYS}")
    try:
        private = load_pem_private_key(pem, None)
    except TypeError as error:
        raise InvalidKey("This key has a passphrase; take it off with: openssl pkey -in KEY -out OPEN_KEY") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        if b"PUBLIC KEY" in pem or b"CERTIFICATE" in pem:
            raise InvalidKey(f"This is the public half. {ACCEPTED_KEYS}") from error
        raise InvalidKey(f"This is not a private key that we can read. {ACCEPTED_KEYS}") from error
    algorithm_of(private)
    return cast("PrivateKey", private)


def algorithm_of(private: object) -> Algorithm:
    """Return the only algorithm of the key. Raise InvalidKey if there is none."""
    match private:
        case ec.EllipticCurvePrivateKey(curve=ec.SECP256R1()):
            return "ES256"
        case ec.EllipticCurvePrivateKey(curve=curve):
            raise InvalidKey(f"Its curve is {curve.name}. {ACCEPTED_KEYS}")
        case Ed25519PrivateKey():
            return "EdDSA"
        case RSAPrivateKey(key_size=size) if not MIN_RSA_BITS <= size <= MAX_RSA_BITS:
            raise InvalidKey(f"It is an RSA key of {size} bits. {ACCEPTED_KEYS}")
        case RSAPrivateKey() if private.public_key().public_numbers().e != PUBLIC_EXPONENT:
            raise InvalidKey(f"Its public exponent is not {PUBLIC_EXPONENT}. {ACCEPTED_KEYS}")
        case RSAPrivateKey():
            return "RS256"
    raise InvalidKey(f"This kind of key signs no tokens here. {ACCEPTED_KEYS}")
