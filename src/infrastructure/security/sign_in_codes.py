"""Codes of letters: eight random digits, and keyed hashes of them.

A hash without a key would protect nothing: all 100 million codes are tried within seconds.
"""

import hmac
import secrets
from typing import Final, final

from doorward.domain.accounts.sign_in_code import SignInCodeHash
from doorward.domain.accounts.user import User
from doorward.infrastructure.security.master_secret import MasterSecret

PURPOSE: Final = b"doorward sign-in codes v1"
DIGITS: Final = 8
NO_HASH: Final = bytes(32)
"""Takes the place of a hash where there is none. No code has it."""


@final
class KeyedSignInCodes:
    """Implements SignInCodes with a key derived from the master secret. Codes of the previous secret stay valid."""

    def __init__(self, secret: MasterSecret) -> None:
        self._keys = secret.derive_all(PURPOSE)

    def generate(self, user: User) -> tuple[str, SignInCodeHash]:
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        return code, hash_of(code, user, self._keys[0])

    def matches(self, typed: str, user: User | None, stored: SignInCodeHash | None) -> bool:
        code, expected = "".join(typed.split()), NO_HASH if stored is None else stored
        equal = [hmac.compare_digest(hash_of(code, user, key), expected) for key in self._keys]
        return user is not None and stored is not None and any(equal)


def hash_of(code: str, user: User | None, key: bytes) -> SignInCodeHash:
    """Return the hash of the code for this account with its present address and password."""
    address = user.email.key if user and user.email else ""
    account = (user.id.bytes, address.encode(), user.password_hash.encode()) if user else ()
    message = b"\0".join((code.encode("utf-8", "surrogatepass"), *account))
    return SignInCodeHash(hmac.digest(key, message, "sha256"))
