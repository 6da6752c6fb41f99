"""scrypt (RFC 7914), as Werkzeug, Django, better-auth, Passlib and Firebase use it."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Final, Self, final

from doorward.infrastructure.security.imported_hashes.imported_hash import (
    SALT_TEXT,
    UnusableHash,
    decoded,
    require_affordable,
)


def base64_group(least: int, most: int) -> str:
    """Return a group for that many digits of base64, with or without padding."""
    return rf"([A-Za-z0-9+/]{{{least},{most}}}={{0,2}})"


WERKZEUG = re.compile(
    rf"scrypt:(?P<n>\d{{1,8}}):(?P<r>\d{{1,3}}):(?P<p>\d{{1,3}})\${SALT_TEXT}\$((?:[0-9a-f]{{2}}){{16,64}})", re.ASCII
)
DJANGO = re.compile(
    rf"scrypt\$(?P<n>\d{{1,8}})\${SALT_TEXT}\$(?P<r>\d{{1,3}})\$(?P<p>\d{{1,3}})\${base64_group(16, 88)}", re.ASCII
)
BETTER_AUTH = re.compile(r"([0-9a-f]{32}):([0-9a-f]{128})", re.ASCII)
BETTER_AUTH_PARAMETERS: Final = {"n": "16384", "r": "16", "p": "1"}
PASSLIB = re.compile(
    r"\$scrypt\$ln=(?P<ln>\d{1,2}),r=(?P<r>\d{1,3}),p=(?P<p>\d{1,3})"
    rf"\${base64_group(2, 88)}\${base64_group(16, 88)}",
    re.ASCII,
)
FIREBASE = re.compile(
    r"\$fbscrypt\$v=1,n=(?P<ln>\d{1,2}),r=(?P<r>\d{1,3}),p=(?P<p>\d{1,3}),"
    rf"ss={base64_group(0, 16)},sk={base64_group(40, 88)}\${base64_group(2, 44)}\${base64_group(40, 88)}",
    re.ASCII,
)
"""`ss` is the salt separator of the project, `sk` its signer key; the form is that of Supabase."""

BYTES_PER_UNIT_OF_WORK: Final = 4 * 1024 * 1024
"""Of memory, times the parallelization `p`."""

MAX_MEMORY_BYTES: Final = 128 * 1024 * 1024
MIN_LOG2_N: Final = 4
AES_KEY_BYTES, AES_BLOCK_BYTES, FIREBASE_HASH_BYTES = 32, 16, 64


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ScryptHash:
    n: int
    r: int
    p: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    signer_key: bytes = field(default=b"", repr=False)
    """Firebase's hash is this key, encrypted with what scrypt makes of the password. Empty for all others."""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return None for a hash of another kind. Raise UnusableHash."""
        if found := WERKZEUG.fullmatch(text):
            return cls._checked(found.groupdict(), found[4].encode(), bytes.fromhex(found[5]))
        if found := DJANGO.fullmatch(text):
            return cls._checked(found.groupdict(), found[2].encode(), decoded(found[5]))
        if found := BETTER_AUTH.fullmatch(text):  # which uses the salt as text
            return cls._checked(BETTER_AUTH_PARAMETERS, found[1].encode(), bytes.fromhex(found[2]))
        if found := PASSLIB.fullmatch(text):
            return cls._checked(found.groupdict(), decoded(found[4]), decoded(found[5]))
        if found := FIREBASE.fullmatch(text):
            separator, signer_key, salt, digest = map(decoded, found.groups()[3:])
            return cls._checked(found.groupdict(), salt + separator, digest, signer_key)
        if text.startswith(("scrypt", "$scrypt", "$fbscrypt")):
            raise UnusableHash("malformed scrypt")
        return None

    @classmethod
    def _checked(cls, parameters: Mapping[str, str], salt: bytes, digest: bytes, signer_key: bytes = b"") -> Self:
        n = 2 ** int(parameters["ln"]) if "ln" in parameters else int(parameters["n"])
        made = cls(n=n, r=int(parameters["r"]), p=int(parameters["p"]), salt=salt, digest=digest, signer_key=signer_key)
        if n < 2**MIN_LOG2_N or n & (n - 1) or not made.r or not made.p or len(digest) < AES_BLOCK_BYTES:
            raise UnusableHash("malformed scrypt")
        if made.memory_bytes > MAX_MEMORY_BYTES or (signer_key and len(signer_key) != len(digest)):
            raise UnusableHash("absurd parameters")
        require_affordable(made.work)
        return made

    @property
    def memory_bytes(self) -> int:
        return 128 * self.n * self.r

    @property
    def work(self) -> int:
        return ceil(self.memory_bytes * self.p / BYTES_PER_UNIT_OF_WORK)

    def matches(self, password: bytes) -> bool:
        size = FIREBASE_HASH_BYTES if self.signer_key else len(self.digest)
        # OpenSSL needs some memory besides.
        limit = self.memory_bytes + 128 * self.r * self.p + 1024 * 1024
        made = hashlib.scrypt(password, salt=self.salt, n=self.n, r=self.r, p=self.p, maxmem=limit, dklen=size)
        digest = encrypted(self.signer_key, made[:AES_KEY_BYTES]) if self.signer_key else made
        return hmac.compare_digest(digest, self.digest)


def encrypted(text: bytes, key: bytes) -> bytes:
    """Return the text in AES-256-CTR, counting from zero."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415 most services need none

    return Cipher(algorithms.AES(key), modes.CTR(bytes(AES_BLOCK_BYTES))).encryptor().update(text)
