"""The compact serialisation (RFC 7515), read strictly, so that a token has one spelling.

JSON and base64url are lenient formats. Every leniency allows a second spelling of the same token, or lets two readers
read different things. The functions here raise ValueError and decide nothing.
"""

import re

from doorward.encoding.strict_base64 import decode_base64url
from doorward.encoding.strict_json import parse_object

MAX_TOKEN_CHARACTERS = 8192
MAX_HEADER_BYTES = 1024
MAX_DEPTH_LEVELS = 8
COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
P256_HALF_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 >> 1
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_BYTES = 32


def split(token: str) -> tuple[str, str, str]:
    """Return header, payload and signature, still encoded: base64url characters only. Raise ValueError."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise ValueError("too long")
    compact = COMPACT.fullmatch(token)
    if compact is None:
        raise ValueError("not compact")
    header, payload, signature = compact.groups()
    if len(header) > MAX_HEADER_BYTES * 4 // 3:
        raise ValueError("header too long")
    return header, payload, signature


def members_of(segment: str) -> dict[str, object]:
    """Return the members of the JSON object in a header or payload from `split`. Raise ValueError."""
    return parse_object(decode_base64url(segment), max_depth_levels=MAX_DEPTH_LEVELS)


def low(signature: bytes) -> bytes:
    """Return an ES256 signature with the smaller of its two equally valid `s`, so that it has one spelling, too."""
    s = int.from_bytes(signature[P256_BYTES:])
    if s <= P256_HALF_ORDER:
        return signature
    return signature[:P256_BYTES] + (P256_ORDER - s).to_bytes(P256_BYTES)


def is_low(signature: bytes) -> bool:
    """Return whether the `s` of an ES256 signature is the smaller one."""
    return int.from_bytes(signature[P256_BYTES:]) <= P256_HALF_ORDER
