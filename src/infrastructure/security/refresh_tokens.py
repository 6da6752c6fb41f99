"""Refresh tokens: a session's id, 256 secret bits, and a tag that only we can make; base64url, 86 characters.

The secret of the first is random, that of each successor an HMAC of the token before it: whoever holds a token, and we
do, can be told its successor again. A dump of the database holds hashes alone; the master secret alone makes no token.
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
from doorward.infrastructure.security.jwk import base64url
from doorward.infrastructure.security.master_secret import MasterSecret

SUCCESSION: Final = b"doorward refresh token succession v1"
MAKER: Final = b"doorward refresh token maker v1"
ID, SECRET, TAG = 16, 32, 16
"""Bytes."""

FORM: Final = re.compile(r"[A-Za-z0-9_-]{85}[AQgw]", re.ASCII)
"""64 bytes in their only spelling: the last character stands for two bits."""


@final
class DerivedRefreshTokens:
    """The RefreshTokens. Both keys are made of the master secret; its predecessor still knows its own."""

    def __init__(self, secret: MasterSecret) -> None:
        self._succession = secret.derive_all(SUCCESSION)
        self._maker = secret.derive_all(MAKER)

    def first(self, session_id: SessionId) -> RefreshToken:
        return self._made(session_id, secrets.token_bytes(SECRET), self._maker[0])

    def read(self, value: str) -> RefreshToken:
        if not FORM.fullmatch(value):
            raise InvalidRefreshToken
        raw = urlsafe_b64decode(value + "==")
        body, tag = raw[: ID + SECRET], raw[ID + SECRET :]
        genuine = [hmac.compare_digest(tag, tag_of(body, key)) for key in self._maker]
        return token(value, SessionId(UUID(bytes=raw[:ID])), genuine=any(genuine))

    def successors(self, token: RefreshToken) -> Sequence[RefreshToken]:
        return [
            self._made(token.session_id, hmac.digest(succession, token.value.encode("ascii"), "sha256"), maker)
            for succession, maker in zip(self._succession, self._maker, strict=True)
        ]

    def _made(self, session_id: SessionId, secret: bytes, maker: bytes) -> RefreshToken:
        body = session_id.bytes + secret
        return token(base64url(body + tag_of(body, maker)), session_id, genuine=True)


def tag_of(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:TAG]


def token(value: str, session_id: SessionId, *, genuine: bool) -> RefreshToken:
    digest = RefreshTokenHash(sha256(value.encode("ascii")).digest())
    return RefreshToken(value=value, session_id=session_id, hash=digest, genuine=genuine)
