"""Base64 without padding, in its only canonical spelling (RFC 4648, section 3.5)."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Final

CANONICAL_LAST_CHARACTERS: Final[Mapping[int, frozenset[str]]] = {
    2: frozenset("AQgw"),
    3: frozenset("AEIMQUYcgkosw048"),
}
"""The last characters that leave the unused 4 or 2 bits zero, by the number of characters in the last group of four.
They are the same in the standard and in the URL-safe alphabet."""


def is_canonical(text: str) -> bool:
    """Return whether `text`, which has base64 characters only and no padding, encodes whole bytes and is their only
    spelling."""
    last_group_characters = len(text) % 4
    return last_group_characters == 0 or text[-1] in CANONICAL_LAST_CHARACTERS.get(last_group_characters, ())


def decode_base64url(text: str) -> bytes:
    """Decode `text`, which has base64url characters only and no padding. Raise ValueError unless it is canonical."""
    if not is_canonical(text):
        raise ValueError("The base64 text is not canonical.")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
