from typing import final

import argon2
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError
from argon2.low_level import error_to_str

from doorward.domain.errors import HashingBusy
from doorward.infrastructure.security.passwords import HASH, MEMORY, PARALLELISM, SALT, TIME, Undecodable

OUT_OF_RESOURCES = frozenset(map(error_to_str, (-22, -33)))
"""libargon2 got no memory, or no thread."""


@final
class Argon2Cffi:
    """The reference implementation, libargon2. Reads every Argon2 hash there is: all kinds, versions and lengths."""

    name = "argon2-cffi"

    def __init__(self) -> None:
        self._argon2 = argon2.PasswordHasher(TIME, MEMORY, PARALLELISM, HASH, SALT)

    def hash(self, password: bytes) -> str:
        try:
            return self._argon2.hash(password)
        except HashingError as error:
            raise HashingBusy from error

    def verify(self, phc: str, password: bytes) -> bool:
        try:
            return self._argon2.verify(phc, password)
        except VerifyMismatchError:
            return False
        except InvalidHashError as error:
            raise Undecodable from error
        except VerificationError as error:
            raise (HashingBusy if str(error) in OUT_OF_RESOURCES else Undecodable) from error
