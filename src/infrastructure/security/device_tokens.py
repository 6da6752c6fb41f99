"""Device tokens: the id of an account, the id of a device and an authentication tag, in 64 characters of base64url."""

import hmac
import re
from base64 import urlsafe_b64decode
from typing import Final, final
from uuid import UUID, uuid4

from doorward.domain.accounts.attempts import DeviceId, KnownDevice, LoginHash
from doorward.domain.ids import UserId
from doorward.infrastructure.security.jwk import base64url
from doorward.infrastructure.security.master_secret import MasterSecret

TAG_PURPOSE: Final = b"doorward device token tag_key v1"
LOGIN_PURPOSE: Final = b"doorward login name of attempts v1"
ID_BYTES, TAG_BYTES = 16, 16
FORM: Final = re.compile(r"[A-Za-z0-9_-]{64}", re.ASCII)
"""48 bytes in base64url, which need no padding."""


@final
class SignedDeviceTokens:
    """Implements DeviceTokens with a key derived from the master secret. Tokens of the previous secret stay valid."""

    def __init__(self, secret: MasterSecret) -> None:
        self._keys = secret.derive_all(TAG_PURPOSE)

    def issue(self, user_id: UserId, present: str | None = None) -> str:
        known = None if present is None else self.read(present)
        if present is not None and known is not None and known.user_id == user_id:
            return present
        body = user_id.bytes + uuid4().bytes
        return base64url(body + tag_of(body, self._keys[0]))

    def read(self, token: str) -> KnownDevice | None:
        if not FORM.fullmatch(token):
            return None
        raw = urlsafe_b64decode(token)
        body, tag = raw[: 2 * ID_BYTES], raw[2 * ID_BYTES :]
        if not any(hmac.compare_digest(tag, tag_of(body, key)) for key in self._keys):
            return None
        return KnownDevice(UserId(UUID(bytes=body[:ID_BYTES])), DeviceId(UUID(bytes=body[ID_BYTES:])))


@final
class KeyedLoginHasher:
    """Implements LoginHasher with a key derived from the master secret."""

    def __init__(self, secret: MasterSecret) -> None:
        self._key = secret.derive(LOGIN_PURPOSE)

    def hash(self, login: str) -> LoginHash:
        return LoginHash(hmac.digest(self._key, login.encode("utf-8", "surrogatepass"), "sha256"))


def tag_of(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:TAG_BYTES]
