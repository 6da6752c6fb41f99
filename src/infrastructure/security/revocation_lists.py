from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import final

import msgspec

from doorward.domain.ids import SessionId, UserId
from doorward.infrastructure.security.jwk import base64url
from doorward.infrastructure.security.key_ring import StoredKeyRing
from doorward.infrastructure.security.tokens import encode, sign

TYPE = "revocations+jwt"
"""Of no access token: whoever tells them apart by `typ` mistakes neither for the other (RFC 8725, section 3.11)."""


@final
class JwtRevocationSigner:
    """Lists as a JWS in the compact form, signed by the key that signs the tokens."""

    def __init__(self, ring: StoredKeyRing, issuer: str, audience: str) -> None:
        self._ring = ring
        self._issuer = issuer
        self._audience = audience

    def kid(self, now: datetime) -> str:
        return self._ring.signing(now).stored.kid

    def sign(
        self,
        sessions: Sequence[tuple[SessionId, datetime]],
        accounts: Sequence[tuple[UserId, int, datetime]],
        now: datetime,
        ends_at: datetime,
    ) -> bytes:
        key = self._ring.signing(now)
        header = {"alg": key.stored.algorithm, "typ": TYPE, "kid": key.stored.kid}
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "iat": int(now.timestamp()),
            "exp": int(ends_at.timestamp()),
            "sessions": [{"sid": session_id, "exp": seconds(until)} for session_id, until in sessions],
            "accounts": [{"sub": user_id, "epoch": epoch, "exp": seconds(until)} for user_id, epoch, until in accounts],
        }
        content = f"{encode(header)}.{base64url(msgspec.json.encode(claims))}".encode()
        return content + b"." + base64url(sign(key, content)).encode()


def seconds(moment: datetime) -> int:
    """Rounded up: forgotten a little later rather than sooner."""
    return ceil(moment.timestamp())
