"""Refresh tokens: the id of a session, 256 secret bits and an authentication tag, in 86 characters of base64url.

The secret bits of the first token are random. Those of each successor are an HMAC of the token before it, so that the
service can compute the successor again for whoever presents the token. The database contains only hashes, and the
master secret alone makes no token.
"""

import hmac
import re
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, final
from uuid import UUID

from doorward.domain.errors import InvalidRefreshToken
from doorward.domain.ids import SessionId
from doorward.domain.sessions.refresh_token import RefreshToken, RefreshTokenHash
from doorward.encoding.strict_base64 import is_canonical
from doorward.infrastructure.security.jwk import base64url
from doorward.infrastructure.security.master_secret import MasterSecret

SUCCESSION_PURPOSE: Final = b"doorward refresh token succession_key v1"
TAG_PURPOSE: Final = b"doorward refresh token tag_key v1"
ID_BYTES, SECRET_BYTES, TAG_BYTES = 16, 32, 16

FORM: Final = re.compile(r"[A-Za-z0-9_-]{86}", re.ASCII)
"""64 bytes in base64url without padding."""


@final
class DerivedRefreshTokens:
    """Implements RefreshTokens with two keys derived from the master secret. Tokens of the previous secret stay
    valid."""

    def __init__(self, secret: MasterSecret) -> None:
        self._succession_keys = secret.derive_all(SUCCESSION_PURPOSE)
        self._tag_keys = secret.derive_all(TAG_PURPOSE)

    def first(self, session_id: SessionId) -> RefreshToken:
        return self._issue(session_id, secrets.token_bytes(SECRET_BYTES), self._tag_keys[0])

    def read(self, value: str) -> RefreshToken:
        if not FORM.fullmatch(value) or not is_canonical(value):
            raise InvalidRefreshToken
        raw = urlsafe_b64decode(value + "==")
        body, tag = raw[: ID_BYTES + SECRET_BYTES], raw[ID_BYTES + SECRET_BYTES :]
        genuine = [hmac.compare_digest(tag, tag_of(body, key)) for key in self._tag_keys]
        return token(value, SessionId(UUID(bytes=raw[:ID_BYTES])), genuine=any(genuine))

    def successors(self, token: RefreshToken) -> Sequence[RefreshToken]:
        return [
            self._issue(token.session_id, hmac.digest(succession_key, token.value.encode("ascii"), "sha256"), tag_key)
            for succession_key, tag_key in zip(self._succession_keys, self._tag_keys, strict=True)
        ]

    def _issue(self, session_id: SessionId, secret: bytes, tag_key: bytes) -> RefreshToken:
        body = session_id.bytes + secret
        return token(base64url(body + tag_of(body, tag_key)), session_id, genuine=True)


def tag_of(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:TAG_BYTES]


def token(value: str, session_id: SessionId, *, genuine: bool) -> RefreshToken:
    digest = RefreshTokenHash(sha256(value.encode("ascii")).digest())
    return RefreshToken(value=value, session_id=session_id, hash=digest, genuine=genuine)
