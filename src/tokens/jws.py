"""The compact serialisation (RFC 7515), read strictly, so that a token has one spelling.

JSON and base64url are lenient formats. A lenient parser accepts several spellings of one token, and two parsers may
read different values from it. The functions here only parse, and raise ValueError.
"""

import re
from dataclasses import dataclass

from doorward.encoding.strict_base64 import decode_base64url
from doorward.encoding.strict_json import MAX_VALUES, parse_object

MAX_TOKEN_CHARACTERS = 8192
MAX_HEADER_BYTES = 1024
MAX_HEADER_VALUES = 16
"""A header has three members."""

MAX_DEPTH_LEVELS = 8
COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_BYTES = 32


@dataclass(frozen=True, slots=True)
class TokenLimits:
    """The largest token that is read."""

    characters: int
    values: int
    """The members and items of its payload, on all levels together."""


TOKEN_LIMITS = TokenLimits(MAX_TOKEN_CHARACTERS, MAX_VALUES)


def split(token: str, max_characters: int = MAX_TOKEN_CHARACTERS) -> tuple[str, str, str]:
    """Return header, payload and signature, still encoded: base64url characters only. Raise ValueError."""
    if len(token) > max_characters:
        raise ValueError("The token is too long.")
    compact = COMPACT.fullmatch(token)
    if compact is None:
        raise ValueError("The token is not three parts in base64url.")
    header, payload, signature = compact.groups()
    if len(header) > MAX_HEADER_BYTES * 4 // 3:
        raise ValueError("The header is too long.")
    return header, payload, signature


def members_of(segment: str, max_values: int = MAX_VALUES) -> dict[str, object]:
    """Return the members of the JSON object in a header or payload from `split`. Raise ValueError."""
    return parse_object(decode_base64url(segment), max_depth_levels=MAX_DEPTH_LEVELS, max_values=max_values)


def with_low_s(signature: bytes) -> bytes:
    """Return an ES256 signature with the smaller of its two valid values of `s`, so that it has one spelling."""
    s = int.from_bytes(signature[P256_BYTES:])
    if s <= P256_ORDER // 2:
        return signature
    return signature[:P256_BYTES] + (P256_ORDER - s).to_bytes(P256_BYTES)


def has_low_s(signature: bytes) -> bool:
    """Return whether the `s` of an ES256 signature is the smaller one."""
    return int.from_bytes(signature[P256_BYTES:]) <= P256_ORDER // 2
