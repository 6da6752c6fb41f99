import hmac
import secrets
from hashlib import sha256
from typing import Final, final

from doorward.domain.services.service import ServiceId, ServiceSecretHash
from doorward.infrastructure.security.jwk import base64url

ID_BYTES: Final = 16
"""22 characters of base64url."""

SECRET_BYTES: Final = 32

NOBODYS: Final = ServiceSecretHash(bytes(sha256().digest_size))
"""What a secret is compared with where there is none to compare: its own preimage, nobody knows."""


@final
class RandomServiceSecrets:
    """The ServiceSecrets. A random secret of 256 bits needs no slow hash: there is nothing to guess."""

    def generate(self) -> tuple[ServiceId, str, ServiceSecretHash]:
        secret = base64url(secrets.token_bytes(SECRET_BYTES))
        return ServiceId(f"service-{base64url(secrets.token_bytes(ID_BYTES))}"), secret, hash_of(secret)

    def matches(self, secret: str, stored: ServiceSecretHash | None) -> bool:
        equal = hmac.compare_digest(hash_of(secret), NOBODYS if stored is None else stored)
        return equal and stored is not None


def hash_of(secret: str) -> ServiceSecretHash:
    return ServiceSecretHash(sha256(secret.encode("utf-8", "surrogatepass")).digest())
