"""A short text by which two nodes see whether they have the same master secret."""

from hashlib import pbkdf2_hmac

from doorward.infrastructure.security.master_secret import MasterSecret

PURPOSE = b"doorward fingerprint v1"

ITERATIONS = 5_000
"""About two milliseconds. A guess at the secret is cheaper by a signing key in the same database, which takes one
derivation and one decryption, so that the fingerprint helps nobody."""

CHARACTERS = 16
"""64 bits in hexadecimal."""


def fingerprint(secret: MasterSecret) -> str:
    """Return the fingerprint of the present secret."""
    return pbkdf2_hmac("sha256", secret.derive(PURPOSE), PURPOSE, ITERATIONS).hex()[:CHARACTERS]
