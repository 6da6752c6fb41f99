"""Finds the access token of a request (RFC 6750, section 2.1)."""

from collections.abc import Iterable
from typing import Final

from doorward.guard.refusals import InvalidRequest, TokenRequired

SCHEME: Final = "bearer"


def authorization_in(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the Authorization header among those of an ASGI scope; None without one. Raise InvalidRequest for two: two
    programs could read different ones."""
    values = [value for name, value in headers if name.lower() == b"authorization"]
    if len(values) > 1:
        raise InvalidRequest
    return values[0].decode("latin-1") if values else None


def bearer_token(authorization: str | None) -> str:
    """Return the token in the value of an Authorization header. Raise TokenRequired without one."""
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip(" \t\r\n")
    if scheme.lower() != SCHEME or not token:
        raise TokenRequired
    return token
