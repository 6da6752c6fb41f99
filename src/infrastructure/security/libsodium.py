"""To be imported only where PyNaCl is wanted: it need not be installed."""

import re
from base64 import b64decode
from hmac import compare_digest
from typing import final

from nacl.bindings import crypto_pwhash_alg, crypto_pwhash_ALG_ARGON2ID13, crypto_pwhash_str_alg

from doorward.domain.errors import HashingBusy
from doorward.infrastructure.security.passwords import HASH, MEMORY, TIME, Argon2Library

KIB = 1024
OWN = re.compile(
    r"\$argon2id\$v=19\$m=([1-9]\d{1,6}),t=([1-9]\d{0,2}),p=1"
    r"\$([A-Za-z0-9+/]{21}[AQgw])\$([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048])",
    re.ASCII,
)
"""What libsodium writes: one lane, 16 bytes of salt, 32 of hash. The last letters of both are those that leave no bit
over; libargon2 calls the others undecodable."""


@final
class Libsodium:
    """Several times a second more than libargon2 as that is packaged for Python: it takes the widest instructions that
    the processor has when it runs. Knows one kind of hash, and leaves the others to `reference`."""

    name = "libsodium"

    def __init__(self, reference: Argon2Library) -> None:
        self._reference = reference

    def hash(self, password: bytes) -> str:
        try:
            return crypto_pwhash_str_alg(password, TIME, MEMORY * KIB, crypto_pwhash_ALG_ARGON2ID13).decode("ascii")
        except RuntimeError as error:
            raise HashingBusy from error

    def verify(self, phc: str, password: bytes) -> bool:
        """By hand, since `crypto_pwhash_str_verify` has one answer for a wrong password and for no memory."""
        own = OWN.fullmatch(phc)
        if own is None:
            return self._reference.verify(phc, password)
        memory, time, salt, expected = own.groups()
        computed = raw(password, b64decode(salt + "=="), int(time), int(memory))
        return compare_digest(computed, b64decode(expected + "="))


def raw(password: bytes, salt: bytes, time: int, memory: int) -> bytes:
    """Raise HashingBusy: with parameters in range nothing but memory can be wanting."""
    try:
        return crypto_pwhash_alg(HASH, password, salt, time, memory * KIB, crypto_pwhash_ALG_ARGON2ID13)
    except RuntimeError as error:
        raise HashingBusy from error
