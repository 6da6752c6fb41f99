"""PBKDF2 (RFC 8018, section 5.2) with SHA-256 or SHA-512, as Django, Werkzeug, Passlib and Keycloak use it."""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from math import ceil
from typing import Final, Self, final

from doorward.infrastructure.security.imported_hashes.imported_hash import (
    SALT_TEXT,
    UnusableHash,
    decoded,
    require_affordable,
)

DJANGO = re.compile(rf"pbkdf2_(sha256|sha512)\$(\d{{1,9}})\${SALT_TEXT}\$([A-Za-z0-9+/]{{16,88}}={{0,2}})", re.ASCII)
WERKZEUG = re.compile(rf"pbkdf2:(sha256|sha512):(\d{{1,9}})\${SALT_TEXT}\$((?:[0-9a-f]{{2}}){{16,64}})", re.ASCII)
PHC = re.compile(
    r"\$pbkdf2-(sha256|sha512)\$(?:i=)?(\d{1,9})(?:,l=\d{1,3})?\$([A-Za-z0-9+/.]{2,88}={0,2})\$([A-Za-z0-9+/.]{16,88}={0,2})",
    re.ASCII,
)
"""Passlib's form, and the PHC string format, in which docs/administration.md writes Keycloak's hashes."""

ITERATIONS_PER_UNIT_OF_WORK: Final = {"sha256": 50_000, "sha512": 21_000}
MIN_HASH_BYTES, MAX_HASH_BYTES = 16, 64


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Pbkdf2Hash:
    algorithm: str
    iterations: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    work: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return None for a hash of another kind. Raise UnusableHash."""
        if found := DJANGO.fullmatch(text):
            salt, digest = found[3].encode(), decoded(found[4])
        elif found := WERKZEUG.fullmatch(text):
            salt, digest = found[3].encode(), bytes.fromhex(found[4])
        elif found := PHC.fullmatch(text):
            salt, digest = decoded(found[3]), decoded(found[4])
        elif text.startswith(("pbkdf2", "$pbkdf2")):
            raise UnusableHash("malformed PBKDF2, or not with SHA-256 or SHA-512")
        else:
            return None
        algorithm, iterations = found[1], int(found[2])
        if not iterations or not MIN_HASH_BYTES <= len(digest) <= MAX_HASH_BYTES:
            raise UnusableHash("malformed PBKDF2")
        # Each block of output runs all iterations.
        blocks = ceil(len(digest) / hashlib.new(algorithm).digest_size)
        work = require_affordable(ceil(iterations * blocks / ITERATIONS_PER_UNIT_OF_WORK[algorithm]))
        return cls(algorithm=algorithm, iterations=iterations, salt=salt, digest=digest, work=work)

    def matches(self, password: bytes) -> bool:
        made = hashlib.pbkdf2_hmac(self.algorithm, password, self.salt, self.iterations, len(self.digest))
        return hmac.compare_digest(made, self.digest)
