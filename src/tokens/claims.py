"""The claims of access tokens (RFC 9068), read strictly and once (RFC 8725)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from doorward.tokens.signed import KeyOf, read_signed

TYPES = frozenset({"at+jwt", "application/at+jwt"})

LEEWAY_SECONDS = 5
"""How far the clock of another node may be ahead."""

MAX_TIMESTAMP = 10**10
"""The year 2286 in seconds. A time in milliseconds exceeds it."""

MAX_EPOCH = 2**63 - 1
CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a verified access token says."""

    subject: UUID
    """The account (`sub`). It is never used again for another account."""
    session_id: UUID
    """The session (`sid`) that the token belongs to."""
    id: UUID
    """The id of the token itself (`jti`)."""
    roles: frozenset[str]
    """The roles of the account when the token was issued."""
    epoch: int
    """Grows when all tokens of the account are revoked at once."""
    issued_at: datetime
    expires_at: datetime
    kid: str
    """The id of the key that signed the token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsReader:
    """Reads access tokens of one issuer for one audience. Unknown claims are ignored, so that programs of different
    versions accept the same tokens."""

    issuer: str
    audience: str
    client_id: str
    lifetime_seconds: int
    """How long the token with the longest life lasts."""

    def read(self, token: str, key_of: KeyOf, now: datetime) -> Claims:
        """Return the claims of the token. Raise ValueError if it is not an access token of this issuer, was altered, or
        is not valid at `now`. The reason contains nothing of the token."""
        kid, claims = read_signed(token, TYPES, key_of)
        if claims.get("iss") != self.issuer:
            raise ValueError("The issuer is another.")
        if claims.get("aud") != self.audience:
            raise ValueError("The audience is another.")
        if claims.get("client_id") != self.client_id:
            raise ValueError("The client_id is another.")
        issued_at, expires_at = valid_period(claims, now)
        if expires_at > issued_at + self.lifetime_seconds:
            raise ValueError("The token lasts longer than access tokens do.")
        return Claims(
            subject=identifier(claims, "sub"),
            session_id=identifier(claims, "sid"),
            id=identifier(claims, "jti"),
            roles=texts(claims, "roles"),
            epoch=integer(claims, "epoch", MAX_EPOCH),
            issued_at=datetime.fromtimestamp(issued_at, UTC),
            expires_at=datetime.fromtimestamp(expires_at, UTC),
            kid=kid,
        )


def valid_period(claims: Mapping[str, object], now: datetime) -> tuple[int, int]:
    """Return `iat` and `exp` in seconds. Raise ValueError unless `now` is between them."""
    issued_at, expires_at = integer(claims, "iat", MAX_TIMESTAMP), integer(claims, "exp", MAX_TIMESTAMP)
    starts_at = integer(claims, "nbf", MAX_TIMESTAMP) if "nbf" in claims else issued_at
    present = now.timestamp()
    if max(issued_at, starts_at) - LEEWAY_SECONDS > present:
        raise ValueError("It is not valid yet, by the clock of this machine.")
    if present >= expires_at:
        raise ValueError("It has expired, by the clock of this machine.")
    return issued_at, expires_at


def integer(claims: Mapping[str, object], name: str, largest: int) -> int:
    """Return a claim that is a JSON integer up to `largest`; `true`, `"1"` and `1.0` are none. Raise ValueError."""
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= largest:
        raise ValueError(f"The claim {name} is not a number, or out of range.")
    return value


def identifier(claims: Mapping[str, object], name: str) -> UUID:
    value = claims.get(name)
    if not isinstance(value, str) or not CANONICAL_UUID.fullmatch(value):
        raise ValueError(f"The claim {name} is not an id.")
    return UUID(value)


def texts(claims: Mapping[str, object], name: str) -> frozenset[str]:
    value = claims.get(name)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"The claim {name} is not a list of texts.")
    return frozenset(value)
