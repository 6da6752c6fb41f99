"""Argon2 by libsodium. Import this module only where PyNaCl is wanted, because it need not be installed."""

from base64 import b64decode
from hmac import compare_digest
from typing import final

from nacl.bindings import crypto_pwhash_alg, crypto_pwhash_ALG_ARGON2ID13, crypto_pwhash_str_alg

from doorward.domain.errors import HashingBusy
from doorward.encoding.strict_base64 import is_canonical
from doorward.infrastructure.security.passwords import HASH_BYTES, LIBSODIUM_FORM, MEMORY_KIB, PASSES, Argon2Library

BYTES_PER_KIB = 1024


@final
class Libsodium:
    """Argon2id by libsodium, which uses the vector instructions of the processor and is on some processors faster than
    libargon2. It verifies one form of hash; `reference` verifies all others."""

    name = "libsodium"

    def __init__(self, reference: Argon2Library) -> None:
        self._reference = reference

    def hash(self, password: bytes) -> str:
        try:
            return crypto_pwhash_str_alg(
                password, PASSES, MEMORY_KIB * BYTES_PER_KIB, crypto_pwhash_ALG_ARGON2ID13
            ).decode("ascii")
        except RuntimeError as error:
            raise HashingBusy(cause="no_memory") from error

    def verify(self, phc: str, password: bytes) -> bool:
        """Compute the hash and compare it: `crypto_pwhash_str_verify` does not distinguish a wrong password from
        missing memory."""
        own_hash = LIBSODIUM_FORM.fullmatch(phc)
        if own_hash is None or not (is_canonical(own_hash[3]) and is_canonical(own_hash[4])):
            return self._reference.verify(phc, password)
        memory_kib, passes, salt, expected = own_hash.groups()
        computed = compute(password, b64decode(salt + "=="), int(passes), int(memory_kib))
        return compare_digest(computed, b64decode(expected + "="))


def compute(password: bytes, salt: bytes, passes: int, memory_kib: int) -> bytes:
    """Return the hash. Raise HashingBusy: with parameters in range, only missing memory is an error."""
    try:
        return crypto_pwhash_alg(
            HASH_BYTES, password, salt, passes, memory_kib * BYTES_PER_KIB, crypto_pwhash_ALG_ARGON2ID13
        )
    except RuntimeError as error:
        raise HashingBusy(cause="no_memory") from error
