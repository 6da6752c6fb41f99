from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from math import ceil
from typing import Any, final

import msgspec

from doorward.domain.change_feed.ends import Ends
from doorward.infrastructure.security.jwk import base64url
from doorward.infrastructure.security.key_ring import StoredKeyRing
from doorward.infrastructure.security.tokens import encode, sign

TYPE = "revocations+jwt"
"""Differs from the type of access tokens, so that neither is accepted as the other (RFC 8725, section 3.11)."""


ENTRIES_PER_STEP = 500


@final
class JwtRevocationSigner:
    """Signs a list as a JWS in compact form (RFC 7515, section 7.1) with the key that signs access tokens."""

    def __init__(self, ring: StoredKeyRing, issuer: str, audience: str) -> None:
        self._ring = ring
        self._issuer = issuer
        self._audience = audience

    def kid(self, now: datetime) -> str:
        return self._ring.signing(now).signing_key.kid

    def sign(self, ends: Ends, now: datetime, ends_at: datetime) -> bytes:
        key = self._ring.signing(now)
        header = {"alg": key.signing_key.algorithm, "typ": TYPE, "kid": key.signing_key.kid}
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "iat": int(now.timestamp()),
            "exp": int(ends_at.timestamp()),
            "cursor": ends.cursor,
            "sessions": encoded({"sid": end.session_id, "exp": seconds(end.until)} for end in ends.sessions),
            "accounts": encoded(
                {"sub": end.user_id, "epoch": end.epoch, "exp": seconds(end.until)} for end in ends.accounts
            ),
        }
        if ends.since is not None:
            claims["since"] = ends.since
        content = f"{encode(header)}.{base64url(msgspec.json.encode(claims))}".encode()
        return content + b"." + base64url(sign(key, content)).encode()


def encoded(entries: Iterator[dict[str, Any]]) -> msgspec.Raw:
    """Return the JSON array of the entries. They are encoded in short steps, because the event loop cannot run during a
    step, even if a thread makes it."""
    steps = iter(lambda: list(islice(entries, ENTRIES_PER_STEP)), [])
    return msgspec.Raw(b"[" + b",".join(msgspec.json.encode(step)[1:-1] for step in steps) + b"]")


def seconds(moment: datetime) -> int:
    """Return the Unix time, rounded up so that an entry is kept rather too long than too short."""
    return ceil(moment.timestamp())
