import hmac
import secrets
from hashlib import sha256
from typing import Final, final

from doorward.domain.services.service import ServiceId, ServiceSecretHash
from doorward.infrastructure.security.jwk import base64url

ID_BYTES: Final = 16
"""They are 22 characters of base64url."""

SECRET_BYTES: Final = 32

DUMMY_HASH: Final = ServiceSecretHash(bytes(sha256().digest_size))
"""The hash that a secret is compared with when the service is unknown. Nobody knows a secret that has it."""


@final
class RandomServiceSecrets:
    """Implements ServiceSecrets. A random secret of 256 bits cannot be guessed, so it needs no slow hash."""

    def generate(self) -> tuple[ServiceId, str, ServiceSecretHash]:
        secret = base64url(secrets.token_bytes(SECRET_BYTES))
        return ServiceId(f"service-{base64url(secrets.token_bytes(ID_BYTES))}"), secret, hash_of(secret)

    def matches(self, secret: str, secret_hash: ServiceSecretHash | None) -> bool:
        equal = hmac.compare_digest(hash_of(secret), DUMMY_HASH if secret_hash is None else secret_hash)
        return equal and secret_hash is not None


def hash_of(secret: str) -> ServiceSecretHash:
    return ServiceSecretHash(sha256(secret.encode("utf-8", "surrogatepass")).digest())
