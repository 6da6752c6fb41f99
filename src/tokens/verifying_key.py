from dataclasses import dataclass
from typing import Self

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import Algorithm as JwtAlgorithm

from doorward.tokens import jws

PublicKey = EllipticCurvePublicKey | Ed25519PublicKey | RSAPublicKey


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key, and the only algorithm that it verifies with: `ES256`, `EdDSA` or `RS256`."""

    algorithm: str
    public: PublicKey
    computes: JwtAlgorithm

    @classmethod
    def of(cls, algorithm: str, public: PublicKey) -> Self:
        computes = jwt.get_algorithm_by_name(algorithm)
        return cls(algorithm, computes.prepare_key(public), computes)

    def verifies(self, content: bytes, signature: bytes) -> bool:
        """Return whether this is the signature of the content. An ES256 signature must have the lower `s`."""
        if self.algorithm == "ES256" and not jws.has_low_s(signature):
            return False
        return self.computes.verify(content, self.public, signature)
