"""The contract of PasswordHasher, for a fixture `password_hasher`."""

import pytest

from doorward.application.ports.security import PasswordHasher, Verdict
from doorward.domain.accounts.password import Password, PasswordHash
from doorward.testing.contracts.promises import proves

pytestmark = pytest.mark.asyncio(loop_scope="function")

SECRET = Password.typed("violet harbour kettle orbit")
OTHER = Password.typed("violet harbour kettle orbis")
LOGIN = "ada"
CLOSE_PASSWORDS = (
    ("a\0b with a NUL inside", "a\0c with a NUL inside"),
    ("\U0001f511" * 128, "\U0001f511" * 127 + "\U0001f512"),
    ("\U0001f511" * 256, "\U0001f511" * 255 + "\U0001f512"),
    ("x" * 256, "x" * 255 + "y"),
    ("".join(map(chr, range(32, 127))), "".join(map(chr, range(32, 126)))),
    (" spaces at both ends ", "spaces at both ends"),
    ("Violet harbour kettle", "violet harbour kettle"),
    ("\ud800 a lone surrogate", "\udfff a lone surrogate"),
)
"""Pairs of passwords that differ in one place."""

DAMAGED = ("", "nonsense", "$", "$argon2id$", SECRET.value, "\ud800", "\0" * 100)


@proves(PasswordHasher.hash, "Return a string")
@proves(PasswordHasher.verify, "Return MISMATCH", "Return MATCH for")
async def test_a_password_has_its_own_hash_and_no_other_one_has_it(password_hasher: PasswordHasher) -> None:
    """SU-02, SU-05: not even one that differs in the last byte only."""
    stored = await password_hasher.hash(SECRET)
    assert await password_hasher.verify(SECRET, stored, LOGIN) is Verdict.MATCH
    assert await password_hasher.verify(OTHER, stored, LOGIN) is Verdict.MISMATCH
    assert await password_hasher.verify(Password.typed(""), stored, LOGIN) is Verdict.MISMATCH


@proves(PasswordHasher.hash, "Each call uses a fresh salt")
async def test_each_hash_has_a_salt_of_its_own(password_hasher: PasswordHasher) -> None:
    """ST-01."""
    assert await password_hasher.hash(SECRET) != await password_hasher.hash(SECRET)


@proves(PasswordHasher.hash, "All of the password counts")
async def test_the_whole_password_counts(password_hasher: PasswordHasher) -> None:
    """SU-03, SU-04, SU-05."""
    for text, close in CLOSE_PASSWORDS:
        stored = await password_hasher.hash(Password.typed(text))
        assert await password_hasher.verify(Password.typed(text), stored, LOGIN) is Verdict.MATCH
        assert await password_hasher.verify(Password.typed(close), stored, LOGIN) is Verdict.MISMATCH


@proves(PasswordHasher.verify, "Spellings of a password")
async def test_composed_and_decomposed_letters_are_one_password(password_hasher: PasswordHasher) -> None:
    """SU-08."""
    stored = await password_hasher.hash(Password.typed("caf\u00e9 au lait tous les jours"))
    typed = Password.typed("cafe\u0301 au lait tous les jours")
    assert await password_hasher.verify(typed, stored, LOGIN) is Verdict.MATCH


@proves(PasswordHasher.verify, "None means an unknown account")
async def test_an_unknown_account_never_matches(password_hasher: PasswordHasher) -> None:
    """SI-01."""
    for password in (SECRET, Password.typed("")):
        assert await password_hasher.verify(password, None, LOGIN) is Verdict.MISMATCH


@proves(PasswordHasher, "They raise nothing else")
@proves(PasswordHasher.verify, "A damaged hash never matches")
async def test_a_damaged_hash_never_matches(password_hasher: PasswordHasher) -> None:
    """SI-12."""
    for damaged in DAMAGED:
        assert await password_hasher.verify(SECRET, PasswordHash(damaged), LOGIN) is Verdict.MISMATCH


@proves(PasswordHasher.unusable_reason, "Return None for a hash")
async def test_a_hash_that_is_tried_is_not_called_unusable(password_hasher: PasswordHasher) -> None:
    assert password_hasher.unusable_reason(await password_hasher.hash(SECRET)) is None


@proves(PasswordHasher.unusable_reason, "Return otherwise why", "The text contains no part")
async def test_a_damaged_hash_is_called_unusable_without_showing_it(password_hasher: PasswordHasher) -> None:
    for damaged in DAMAGED:
        reason = password_hasher.unusable_reason(damaged)
        assert reason
        assert reason.isprintable()
        assert len(damaged) < 5 or damaged not in reason
