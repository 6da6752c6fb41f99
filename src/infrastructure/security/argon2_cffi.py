from typing import final

import argon2
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError
from argon2.low_level import error_to_str

from doorward.domain.errors import HashingBusy
from doorward.infrastructure.security.passwords import HASH_BYTES, LANES, MEMORY_KIB, PASSES, SALT_BYTES, Undecodable

OUT_OF_RESOURCES = frozenset(map(error_to_str, (-22, -33)))
"""libargon2 could not allocate memory or start a thread."""


@final
class Argon2Cffi:
    """The reference implementation, libargon2. It reads all Argon2 hashes: every type, version and length."""

    name = "argon2-cffi"

    def __init__(self) -> None:
        self._argon2 = argon2.PasswordHasher(PASSES, MEMORY_KIB, LANES, HASH_BYTES, SALT_BYTES)

    def hash(self, password: bytes) -> str:
        try:
            return self._argon2.hash(password)
        except HashingError as error:
            raise HashingBusy(cause="no_memory") from error

    def verify(self, phc: str, password: bytes) -> bool:
        try:
            return self._argon2.verify(phc, password)
        except VerifyMismatchError:
            return False
        except InvalidHashError as error:
            raise Undecodable from error
        except VerificationError as error:
            if str(error) in OUT_OF_RESOURCES:
                raise HashingBusy(cause="no_memory") from error
            raise Undecodable from error
