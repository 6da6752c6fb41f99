"""Finds the access token that a request presents."""

from collections.abc import Callable
from typing import Final

from litestar.types import Scope

from doorward.interfaces.http.edge.request_headers import HEADERS_BY_NAME, HeadersByName
from doorward.interfaces.http.errors.refusals import AmbiguousToken, TokenRequired
from doorward.interfaces.http.security.cookies import Cookies

BEARER: Final = b"bearer "

PresentedToken = Callable[[Scope, Cookies], str]
"""Finds the token of a request in one dialect."""


def presented_token(scope: Scope, cookies: Cookies) -> str:
    """Return the token of a header or, without such a header, of the cookie; it is not verified. Raise TokenRequired,
    AmbiguousToken, CrossSiteRequest or JsonRequired. With such a header, the cookie is not read."""
    return token_in_headers(scope["state"][HEADERS_BY_NAME]) or cookies.access_token(scope)


def presented_in_tutorial(scope: Scope, cookies: Cookies) -> str:
    """Return what `presented_token` returns, where a token may have `Bearer` in both headers or in neither."""
    return bare_token_in_headers(scope["state"][HEADERS_BY_NAME]) or cookies.access_token(scope)


def token_in_headers(by_name: HeadersByName) -> str | None:
    """Return the token in a header; None without such a header. Raise TokenRequired for a header without a token, and
    AmbiguousToken for two headers that differ."""
    authorization, extra = by_name.get(b"authorization"), by_name.get(b"x-access-token")
    if authorization is None and extra is None:
        return None
    bearer = bearer_token(authorization)
    if extra is not None:
        extra = extra.strip()
        if bearer and extra and bearer != extra:
            raise AmbiguousToken
    token = bearer or extra
    if not token:
        raise TokenRequired
    return token.decode("latin-1")


def bearer_token(authorization: bytes | None) -> bytes | None:
    """Return the token behind `Bearer`; None for another scheme."""
    if authorization is None or authorization[: len(BEARER)].lower() != BEARER:
        return None
    return authorization[len(BEARER) :].strip()


def bare_token_in_headers(by_name: HeadersByName) -> str | None:
    """Return the token in a header, with or without `Bearer`; None without such a header. Raise TokenRequired for a
    header without a token, and AmbiguousToken for two headers that differ."""
    given = [by_name[name] for name in (b"authorization", b"x-access-token") if name in by_name]
    if not given:
        return None
    tokens = {token for token in map(bare_token, given) if token}
    if len(tokens) > 1:
        raise AmbiguousToken
    if not tokens:
        raise TokenRequired
    return tokens.pop().decode("latin-1")


def bare_token(value: bytes) -> bytes | None:
    """Return the token of a header with or without `Bearer`; None for another scheme, which has a blank after it."""
    token = value.strip()
    if (token + b" ")[: len(BEARER)].lower() == BEARER:
        token = token[len(BEARER) :].strip()
    return None if b" " in token else token
