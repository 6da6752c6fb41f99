"""The compact serialisation (RFC 7515), read strictly: one token, one spelling.

JSON and base64url are lenient formats; each leniency is a second spelling of the same token, or two readers who
read two different things. Everything here raises ValueError (or RecursionError, for nesting) and decides nothing.
"""

import json
import re
from base64 import b64decode
from collections.abc import Sequence
from typing import cast

LONGEST_TOKEN = 8192
LONGEST_HEADER = 1024
DEEPEST = 8
COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
TO_STANDARD = str.maketrans("-_", "+/")
LAST = {2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}
"""How a segment may end when its last character stands for 2 or 4 bits only: the others are zero."""

P256_HALF_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 >> 1
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_BYTES = 32


def split(token: str) -> tuple[str, str, str]:
    """Header, payload and signature, still encoded."""
    if len(token) > LONGEST_TOKEN:
        raise ValueError("too long")
    compact = COMPACT.fullmatch(token)
    if compact is None:
        raise ValueError("not compact")
    header, payload, signature = compact.groups()
    if len(header) > LONGEST_HEADER * 4 // 3:
        raise ValueError("header too long")
    return header, payload, signature


def decode(segment: str) -> bytes:
    """Base64url without padding, in its only spelling (RFC 4648, 3.5). `segment` came out of `split`."""
    partial = len(segment) % 4
    if partial and segment[-1] not in LAST.get(partial, ()):
        raise ValueError("not canonical")
    return b64decode(segment.translate(TO_STANDARD) + "=" * (-partial % 4))


def parse(raw: bytes) -> dict[str, object]:
    """A JSON object in UTF-8 without a byte order mark, no member twice, no NaN, at most eight levels deep."""
    value = DECODER.decode(raw.decode("utf-8"))
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 the value is at fault, not a caller
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and depth(value) > DEEPEST:
        raise ValueError("too deep")
    return cast("dict[str, object]", value)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


def unique(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member twice")
    return members


def refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


DECODER = json.JSONDecoder(object_pairs_hook=unique, parse_constant=refuse)


def low(signature: bytes) -> bytes:
    """An ES256 signature with the smaller of its two equally valid `s`, so that it, too, has one spelling."""
    s = int.from_bytes(signature[P256_BYTES:])
    if s <= P256_HALF_ORDER:
        return signature
    return signature[:P256_BYTES] + (P256_ORDER - s).to_bytes(P256_BYTES)


def is_low(signature: bytes) -> bool:
    return int.from_bytes(signature[P256_BYTES:]) <= P256_HALF_ORDER
