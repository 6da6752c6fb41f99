"""Private keys at rest: AES-256-GCM under a key derived from the master secret.

A sealed key is one byte of version, 12 bytes of nonce, then ciphertext and tag over the key's PKCS#8 form. `kid` and
algorithm are authenticated along with it, so that a row of the database cannot pass for another.
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
NONCE = 12
LONGEST_PEM = 16_384
SMALLEST_RSA, LARGEST_RSA = 3072, 8192
USUAL_EXPONENT = 65_537
GENERATED: Mapping[Algorithm, Callable[[], PrivateKey]] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": Ed25519PrivateKey.generate,
    "RS256": lambda: generate_private_key(USUAL_EXPONENT, SMALLEST_RSA),
}
WANTED = "Bring a private key in PEM: P-256, Ed25519, or RSA of 3,072 to 8,192 bits."


@final
class AesKeySealer:
    """The KeySealer; whoever holds the database and not the master secret can open nothing."""

    def __init__(self, secret: MasterSecret) -> None:
        self._ciphers = [AESGCM(key) for key in secret.derive_all(PURPOSE)]
        """The first one seals; each of them opens."""

    def generate(self, now: datetime, algorithm: Algorithm = "ES256") -> SigningKey:
        return self._sealed(GENERATED[algorithm](), now, now)

    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        return self._sealed(parse_pem(pem), now, signs_from)

    def open(self, key: SigningKey) -> PrivateKey:
        """The private key; raise StartRefused when it was sealed under another secret, altered, or by a later form."""
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
        nonce = os.urandom(NONCE)
        return SigningKey(
            kid=kid,
            algorithm=algorithm,
            sealed=VERSION + nonce + self._ciphers[0].encrypt(nonce, plain, bound(kid, algorithm)),
            created_at=now,
            signs_from=signs_from,
        )


def unsealed(key: SigningKey, cipher: AESGCM) -> bytes | None:
    """None when this is not the cipher that it was sealed with, or the row was altered."""
    nonce, sealed = key.sealed[1 : 1 + NONCE], key.sealed[1 + NONCE :]
    try:
        return cipher.decrypt(nonce, sealed, bound(key.kid, key.algorithm))
    except (InvalidTag, ValueError):
        return None


def revocation(kid: str) -> str:
    return f"doorward keys revoke {'-- ' if kid.startswith('-') else ''}{kid}"


def bound(kid: str, algorithm: Algorithm) -> bytes:
    return VERSION + f"{kid}\0{algorithm}".encode()


def parse_pem(pem: bytes) -> PrivateKey:
    """Raise InvalidKey for everything that `algorithm_of` has no name for."""
    if len(pem) > LONGEST_PEM:
        raise InvalidKey(f"This is too long for a private key. {WANTED}")
    try:
        private = load_pem_private_key(pem, None)
    except TypeError as error:
        raise InvalidKey("This key has a passphrase; take it off with: openssl pkey -in KEY -out OPEN_KEY") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        if b"PUBLIC KEY" in pem or b"CERTIFICATE" in pem:
            raise InvalidKey(f"This is the public half. {WANTED}") from error
        raise InvalidKey(f"This is not a private key that we can read. {WANTED}") from error
    algorithm_of(private)
    return cast("PrivateKey", private)


def algorithm_of(private: object) -> Algorithm:
    """One key, one algorithm. Raise InvalidKey when there is none for this key."""
    match private:
        case ec.EllipticCurvePrivateKey(curve=ec.SECP256R1()):
            return "ES256"
        case ec.EllipticCurvePrivateKey(curve=curve):
            raise InvalidKey(f"Its curve is {curve.name}. {WANTED}")
        case Ed25519PrivateKey():
            return "EdDSA"
        case RSAPrivateKey(key_size=size) if not SMALLEST_RSA <= size <= LARGEST_RSA:
            raise InvalidKey(f"It is an RSA key of {size} bits. {WANTED}")
        case RSAPrivateKey() if private.public_key().public_numbers().e != USUAL_EXPONENT:
            raise InvalidKey(f"Its public exponent is not {USUAL_EXPONENT}. {WANTED}")
        case RSAPrivateKey():
            return "RS256"
    raise InvalidKey(f"This kind of key signs no tokens here. {WANTED}")
