"""Reads the key set of the service (RFC 7517)."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from doorward.encoding.strict_json import parse_object
from doorward.tokens.verifying_key import VerifyingKey

ALGORITHMS: Final = ("ES256", "EdDSA", "RS256")
"""The algorithms that Doorward signs with. All of them have a public key, so none can be taken for another."""

MIN_RSA_BITS: Final = 2048
"""RFC 7518, section 3.3."""


def read_key_set(document: bytes, algorithms: Collection[str]) -> Mapping[str, VerifyingKey]:
    """Return the keys with one of the algorithms, by `kid`.

    Other keys are left out (RFC 7517, section 5). Raise ValueError if the document is not a key set or has no such key.
    """
    keys = parse_object(document, name="key set").get("keys")
    jwks = keys if isinstance(keys, list) else []
    found = {jwk["kid"]: key for jwk in jwks if (key := verifying_key(jwk, algorithms)) is not None}
    if not found:
        raise ValueError(f"The key set has no key for {' or '.join(algorithms)}.")
    return found


def verifying_key(jwk: Any, algorithms: Collection[str]) -> VerifyingKey | None:
    """Return the key, or None if it cannot be used here."""
    if not isinstance(jwk, dict) or jwk.get("use") != "sig" or not isinstance(jwk.get("kid"), str):
        return None
    algorithm = jwk.get("alg")
    if algorithm not in ALGORITHMS or algorithm not in algorithms:
        return None
    try:
        public = jwt.PyJWK(jwk, algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return VerifyingKey.of(algorithm, public) if is_public(public, algorithm) else None


def is_public(key: object, algorithm: str) -> bool:
    """Return whether this is a public key for the algorithm, and a strong one."""
    if algorithm == "ES256":
        return isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    if algorithm == "EdDSA":
        return isinstance(key, Ed25519PublicKey)
    return isinstance(key, RSAPublicKey) and key.key_size >= MIN_RSA_BITS
