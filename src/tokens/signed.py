from collections.abc import Callable, Mapping

from doorward.encoding.strict_base64 import decode_base64url
from doorward.tokens import jws
from doorward.tokens.verifying_key import VerifyingKey

HEADER_MEMBERS = frozenset({"alg", "typ", "kid"})

KeyOf = Callable[[str], VerifyingKey | None]
"""Returns the key with exactly this `kid`, or None. What it raises is not caught."""


def read_signed(
    token: str, types: frozenset[str], key_of: KeyOf, *, limits: jws.TokenLimits = jws.TOKEN_LIMITS
) -> tuple[str, Mapping[str, object]]:
    """Return the `kid` of the key that signed the token, and its claims, of which nothing is checked yet.

    `types` are the accepted values of `typ` in lower case. Raise ValueError for any other token, with a reason that
    contains nothing of it.
    """
    header, payload, signature = jws.split(token, limits.characters)
    kid, key = named_key(jws.members_of(header, jws.MAX_HEADER_VALUES), types, key_of)
    content = token[: len(header) + 1 + len(payload)].encode("ascii")
    if not key.verifies(content, decode_base64url(signature)):
        raise ValueError("The signature is wrong.")
    return kid, jws.members_of(payload, limits.values)


def named_key(header: Mapping[str, object], types: frozenset[str], key_of: KeyOf) -> tuple[str, VerifyingKey]:
    """Return the `kid` and the key that the header names. The key determines the algorithm; the token may only
    agree."""
    kid, typ = header.get("kid"), header.get("typ")
    if header.keys() != HEADER_MEMBERS or not isinstance(kid, str) or not isinstance(typ, str):
        raise ValueError("The header has other members than alg, typ and kid.")
    if typ.lower() not in types:
        raise ValueError("The token is of another type.")
    key = key_of(kid)
    if key is None:
        raise ValueError("There is no such key.")
    if header["alg"] != key.algorithm:
        raise ValueError("The algorithm is not that of the key.")
    return kid, key
