"""Passwords hashed at the least cost, for programs under test.

Argon2 at its real cost takes longer than all the rest of a sign-in, and most tests are about the rest. Its real cost is
tried by the tests of `security/`, by those of `cli/test_serve.py`, whose servers import the program anew, and by each
test whose program has `TEST_HASHES=full`.
"""

import re

from doorward.infrastructure.security import argon2_cffi, libsodium, passwords

MEMORY_KIB, PASSES = 16, 1
"""libsodium computes no hash with less memory that fits its form."""


def use_cheap_hashes() -> None:
    """Make this process hash new passwords so. Hashes of the real cost are verified as before."""
    usual = f"m={passwords.MEMORY_KIB},t={passwords.PASSES}"
    cheap = f"m={MEMORY_KIB},t={PASSES}"
    passwords.MAX_ARGON2_WORK *= passwords.MEMORY_KIB * passwords.PASSES // (MEMORY_KIB * PASSES)
    passwords.CURRENT_FORM = re.compile(passwords.CURRENT_FORM.pattern.replace(usual, cheap), re.ASCII)
    passwords.DUMMY_HASH = passwords.DUMMY_HASH.replace(usual, cheap)
    for module in (argon2_cffi, libsodium, passwords):
        module.MEMORY_KIB, module.PASSES = MEMORY_KIB, PASSES  # type: ignore[attr-defined]
