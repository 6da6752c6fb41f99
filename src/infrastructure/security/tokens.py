import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from doorward.application.ports.security import IssuedToken
from doorward.domain.access.principal import AccessToken
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidToken
from doorward.domain.ids import SessionId, TokenId, UserId, uuid7
from doorward.infrastructure.security.jwk import base64url
from doorward.infrastructure.security.key_ring import OpenKey, StoredKeyRing
from doorward.tokens import jws
from doorward.tokens.claims import ClaimsReader
from doorward.tokens.verifying_key import VerifyingKey

MAX_ISSUED_CHARACTERS = 4_000
"""Browsers drop a cookie of 4,096 bytes or more without any message; 96 bytes are for its attributes."""


class JwtAccessTokens:
    """Issues and verifies access tokens of RFC 9068. PyJWT computes signatures, and
    `doorward.tokens` reads tokens strictly."""

    def __init__(self, ring: StoredKeyRing, issuer: str, audience: str, client_id: str, lifetime: int) -> None:
        """`lifetime` is in seconds."""
        self._ring = ring
        self._issuer = issuer
        self._audience = audience
        self._client_id = client_id
        self._lifetime = lifetime
        self._reader = ClaimsReader(issuer=issuer, audience=audience, client_id=client_id, lifetime_seconds=lifetime)

    def issue(self, user: User, session_id: SessionId, now: datetime, ends_at: datetime) -> IssuedToken:
        """Return a token with the roles, which are for other services. If they make it too long for a cookie, it
        contains no roles."""
        issued_at = int(now.timestamp())
        lifetime = max(min(self._lifetime, int(ends_at.timestamp()) - issued_at), 1)
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(user.id),
            "exp": issued_at + lifetime,
            "iat": issued_at,
            "jti": str(uuid7(now)),
            "client_id": self._client_id,
            "sid": str(session_id),
            "roles": sorted(user.roles),
            "epoch": user.epoch,
        }
        token = self._signed(claims, now)
        return IssuedToken(
            token if len(token) <= MAX_ISSUED_CHARACTERS else self._signed({**claims, "roles": []}, now), lifetime
        )

    def _signed(self, claims: Mapping[str, object], now: datetime) -> str:
        key = self._ring.signing(now)
        content = f"{header_of(key.signing_key.algorithm, key.signing_key.kid)}.{encode(claims)}"
        return f"{content}.{base64url(sign(key, content.encode()))}"

    def verify(self, token: str, now: datetime) -> AccessToken:
        try:
            claims = self._reader.read(token, self._verifying, now)
        except ValueError as error:
            raise InvalidToken from error
        key = self._ring.verifying(claims.kid)
        if key is None or not self._ring.may_have_signed(key, claims.issued_at):
            raise InvalidToken  # a token may not claim a time at which its key did not sign
        return AccessToken(
            subject=UserId(claims.subject),
            id=TokenId(claims.id),
            session_id=SessionId(claims.session_id),
            epoch=claims.epoch,
            issued_at=claims.issued_at,
            expires_at=claims.expires_at,
        )

    def _verifying(self, kid: str) -> VerifyingKey | None:
        key = self._ring.verifying(kid)
        return key.verifying if key is not None else None


def sign(key: OpenKey, content: bytes) -> bytes:
    signature = key.verifying.computes.sign(content, key.private)
    return jws.with_low_s(signature) if key.signing_key.algorithm == "ES256" else signature


def encode(members: Mapping[str, object]) -> str:
    return base64url(json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode())


@lru_cache(maxsize=64)
def header_of(algorithm: str, kid: str) -> str:
    return encode({"alg": algorithm, "typ": "at+jwt", "kid": kid})
