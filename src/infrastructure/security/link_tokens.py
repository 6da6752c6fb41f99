"""Tokens of links in letters: 256 random bits in 43 characters of base64url."""

import re
import secrets
from hashlib import sha256
from typing import Final, final

from doorward.domain.letters.link_token import LinkTokenHash
from doorward.encoding.strict_base64 import is_canonical

TOKEN_BYTES: Final = 32
FORM: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@final
class RandomLinkTokens:
    """Implements LinkTokens."""

    def generate(self) -> tuple[str, LinkTokenHash]:
        value = secrets.token_urlsafe(TOKEN_BYTES)
        return value, hash_of(value)

    def hash_of(self, value: str) -> LinkTokenHash | None:
        return hash_of(value) if FORM.fullmatch(value) and is_canonical(value) else None


def hash_of(value: str) -> LinkTokenHash:
    return LinkTokenHash(sha256(value.encode("ascii")).digest())
