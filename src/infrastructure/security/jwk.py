"""JSON Web Keys (RFC 7517): the members of public keys, and their thumbprints."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from doorward.tokens.verifying_key import PublicKey

PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey | RSAPrivateKey


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unsigned(number: int, length: int) -> str:
    return base64url(number.to_bytes(length, "big"))


def public_jwk(key: PublicKey) -> dict[str, str]:
    """Return the required members and no others (RFC 7518, sections 6.2.1 and 6.3.1; RFC 8037, section 2)."""
    if isinstance(key, Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(key.public_bytes_raw())}
    if isinstance(key, EllipticCurvePublicKey):
        point, length = key.public_numbers(), (key.key_size + 7) // 8
        return {"kty": "EC", "crv": "P-256", "x": unsigned(point.x, length), "y": unsigned(point.y, length)}
    numbers = key.public_numbers()
    return {
        "kty": "RSA",
        "n": unsigned(numbers.n, (numbers.n.bit_length() + 7) // 8),
        "e": unsigned(numbers.e, (numbers.e.bit_length() + 7) // 8),
    }


def thumbprint(key: PublicKey) -> str:
    """Return the SHA-256 thumbprint of the required members in the order of their names (RFC 7638)."""
    canonical = json.dumps(public_jwk(key), sort_keys=True, separators=(",", ":"))
    return base64url(sha256(canonical.encode()).digest())
