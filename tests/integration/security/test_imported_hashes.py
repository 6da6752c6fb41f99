"""Password hashes of other systems. Each was made by the system that it is named after."""

from collections.abc import Iterator

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.application.ports.security import Verdict
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.accounts.password import Password, PasswordHash
from doorward.infrastructure.security.argon2_cffi import Argon2Cffi
from doorward.infrastructure.security.hashing_pool import HashingPool
from doorward.infrastructure.security.imported_hashes.imported_hash import MAX_IMPORTED_WORK, UnusableHash
from doorward.infrastructure.security.imported_hashes.kinds import imported_hash
from doorward.infrastructure.security.passwords import Argon2Hasher
from doorward.testing.doubles import FrozenClock, ListLog

SECRET = "violet harbour kettle orbit"
FIREBASE_SECRET = "user1password"
"""Of the example that Firebase publishes with its modification of scrypt."""

HASHES = {
    "bcryptjs": "$2b$08$J/NoL7w4RLpSw0xgsQsWG.NGmjX0SHc/0KNMbaF4j0cOYAwy4Z/zu",
    "Django": "pbkdf2_sha256$20000$Zx9qLmB2rT7v$WFAKrmr57rYpf1ZNOgXCEZAsVn9Z9OKU+5QcipWtXF8=",
    "Django, scrypt": "scrypt$16384$Zx9qLmB2rT7v$8$5$"
    "kDrBygB2WmUunjIvjAnm3hRanCpo3Ryu9HwBhGpX4JkAWSzF9STxLal/cZ/t9hIjULTfUoHOFbwOh1eUE1o/UA==",
    "Werkzeug": "scrypt:32768:8:1$OTPMS8r545RQcjAN$"
    "2a8bd725fb44196d40ac91326fe8fdf3ea62565188b36d49496a88d54c038f96a3939b061f4061807d6a35ef30fcf393adf68b4bdd778c2cd182d66c7320b160",
    "Werkzeug, PBKDF2": "pbkdf2:sha256:20000$Z1DXUWIlLVZepJSy$"
    "2c166fc30d850bba7b268d217fe0320519c6d29d352943b3378a2149e60e3480",
    "Werkzeug, SHA-512": "pbkdf2:sha512:20000$B0VdP8Y1Znj9JpGt$"
    "7a01e82072245d174f94044fc8746f3a846e5ac8082d98bf38d2e18b91d8a6b98c62d30846eb533b3a1612e751b73f8ac5fe70340d606f4daffe9ed9d4c23b86",
    "Passlib": "$pbkdf2-sha256$20000$.b83hpBSivG.d24tRUjp/Q$5FynAj4nJxew1E.cB36eFlKraVGy4Uq5epV2tLyfCXg",
    "Passlib, SHA-512": "$pbkdf2-sha512$20000$CsFY651zbs35f28NYSxFyA$"
    "b/nQFw27yVAVeAmTVWWeHtmKA4BzEdNhYmCqZTKUxB1cNjOWcuvXqM6TaJlk9FPIYSTKMNymsBbuXQ0eXs9XGw",
    "Passlib, scrypt": "$scrypt$ln=12,r=8,p=1$836vFULonXPOude6F+K8Vw$z/cUbp6Awj9iECMf0Ke6vBNLIdIbRAjmT4/3QNn1Rmc",
    "PHC, as for Keycloak": "$pbkdf2-sha512$i=20000,l=64$CsFY651zbs35f28NYSxFyA==$"
    "b/nQFw27yVAVeAmTVWWeHtmKA4BzEdNhYmCqZTKUxB1cNjOWcuvXqM6TaJlk9FPIYSTKMNymsBbuXQ0eXs9XGw==",
    "better-auth": "aab99c72a434c50d64eed3686f16e0ad:"
    "1b8d32926d232cbc79f23e1f5ae330fd8c6ca1403926714f0db71a85c1516b51f07f5d391386312428483650846e3385c81824a2c30592d446db9ec3213c9021",
    "OpenSSL": "$6$Zx9qLmB2$g8W2mI6p9XC0Au2cDi0CM1XGhaYNmyhN1rteUN8XTA.Ed7YmMX4HxIkQDyaXLQ5rvqc52X3pFKoz.2mNvJ7Dn0",
    "Firebase": "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,"
    "sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$"
    "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
}
LONG_BCRYPTJS = "$2b$04$0VLWZWXesVvOl.hOe8S4neQiUDiyUDoJzWKiA0sHrDCovFTjWd5SC"
"""Of SECRET and a blank, four times, which is longer than the 72 bytes that bcrypt reads."""


CHEAP_WORK = 2
"""Of hashes that a test of many examples computes."""


@pytest.fixture
def log() -> ListLog:
    return ListLog()


@pytest.fixture
def hasher(log: ListLog) -> Iterator[Argon2Hasher]:
    pool = HashingPool(2, 200, FrozenClock(), max_wait_seconds=60.0)
    yield Argon2Hasher(Argon2Cffi(), pool, log)
    pool.close()


def secret_of(system: str) -> str:
    return FIREBASE_SECRET if system == "Firebase" else SECRET


@pytest.mark.parametrize("system", HASHES)
async def test_the_right_password_matches_a_hash_of_another_system_which_is_outdated(
    hasher: Argon2Hasher, log: ListLog, system: str
) -> None:
    """SI-11: so that it becomes Argon2id at the next sign-in."""
    stored = PasswordHash(HASHES[system])
    assert hasher.unusable_reason(stored) is None
    assert await hasher.verify(Password.typed(secret_of(system)), stored, "ada") is Verdict.MATCH_OUTDATED
    assert await hasher.verify(Password.typed(secret_of(system)[:-1]), stored, "ada") is Verdict.MISMATCH
    assert not log.events


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
async def test_every_revision_of_bcrypt_is_read(hasher: Argon2Hasher, prefix: str) -> None:
    stored = PasswordHash(prefix + HASHES["bcryptjs"][4:])
    assert await hasher.verify(Password.typed(SECRET), stored, "ada") is Verdict.MATCH_OUTDATED


async def test_bcrypt_reads_72_bytes_of_a_longer_password_as_the_other_system_did(hasher: Argon2Hasher) -> None:
    typed = Password.typed(f"{SECRET} " * 4)
    assert await hasher.verify(typed, PasswordHash(LONG_BCRYPTJS), "ada") is Verdict.MATCH_OUTDATED
    assert await hasher.verify(Password.typed(typed.value[:71]), PasswordHash(LONG_BCRYPTJS), "ada") is Verdict.MISMATCH


@pytest.mark.parametrize("system", HASHES)
@pytest.mark.parametrize("password", ["", "a\0b with a NUL inside", "\ud800 a lone surrogate", "\U0001f511" * 256])
async def test_no_password_is_an_error(hasher: Argon2Hasher, log: ListLog, system: str, password: str) -> None:
    assert await hasher.verify(Password.typed(password), PasswordHash(HASHES[system]), "ada") is Verdict.MISMATCH
    assert not log.of(SecurityEvent.PASSWORD_HASH_UNUSABLE)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (HASHES["bcryptjs"].replace("$08$", "$15$"), "the cost of bcrypt must be 4 to 14"),
        (HASHES["bcryptjs"].replace("$08$", "$03$"), "the cost of bcrypt must be 4 to 14"),
        (HASHES["bcryptjs"].replace("$2b$", "$2x$"), "malformed bcrypt, or not one of $2a$, $2b$ and $2y$"),
        (HASHES["bcryptjs"][:-1], "malformed bcrypt, or not one of $2a$, $2b$ and $2y$"),
        (HASHES["Django"].replace("20000", "0"), "malformed PBKDF2"),
        (HASHES["Django"].replace("20000", "999999999"), "absurd parameters"),
        (HASHES["Django"].replace("sha256", "sha1"), "malformed PBKDF2, or not with SHA-256 or SHA-512"),
        (HASHES["Passlib"].replace("20000", "999999999"), "absurd parameters"),
        (HASHES["Passlib"][:-25], "malformed PBKDF2"),
        (HASHES["Werkzeug"].replace("32768", "1048576"), "absurd parameters"),
        (HASHES["Werkzeug"].replace("32768", "32767"), "malformed scrypt"),
        (HASHES["Werkzeug"].replace(":8:1", ":8:99"), "absurd parameters"),
        (HASHES["Werkzeug"].replace(":8:1", ":0:1"), "malformed scrypt"),
        (HASHES["Passlib, scrypt"].replace("ln=12", "ln=63"), "absurd parameters"),
        (HASHES["Firebase"].replace("sk=jxspr8Ki", "sk="), "absurd parameters"),
        (HASHES["OpenSSL"].replace("$6$", "$6$rounds=999999999$"), "SHA-512-crypt must have at most 656000 rounds"),
        (HASHES["OpenSSL"].replace("$6$", "$5$"), "malformed, or of a kind that is not supported"),
        ("md5$Zx9q$0123456789abcdef0123456789abcdef", "malformed, or of a kind that is not supported"),
        (HASHES["Django"] + "A" * 255, "malformed, or of a kind that is not supported"),
    ],
)
async def test_a_hash_beyond_the_limits_is_refused_before_anything_is_computed(
    hasher: Argon2Hasher, log: ListLog, stored: str, reason: str
) -> None:
    """SI-12."""
    assert hasher.unusable_reason(stored) == reason
    assert await hasher.verify(Password.typed(SECRET), PasswordHash(stored), "ada") is Verdict.MISMATCH
    (fields,) = log.of(SecurityEvent.PASSWORD_HASH_UNUSABLE)
    assert fields["reason"] == reason


@pytest.mark.parametrize(
    ("stored", "work"),
    [
        ("$2b$10$" + HASHES["bcryptjs"][7:], 5),
        ("$2b$14$" + HASHES["bcryptjs"][7:], 76),
        (HASHES["Django"].replace("20000", "1000000"), 20),
        (HASHES["Werkzeug"], 8),
        (HASHES["better-auth"], 8),
        (HASHES["OpenSSL"], 1),
        (HASHES["OpenSSL"].replace("$6$", "$6$rounds=656000$"), 33),
    ],
)
def test_the_work_of_a_hash_is_known_before_it_is_computed(stored: str, work: int) -> None:
    found = imported_hash(stored)
    assert found is not None
    assert found.work == work <= MAX_IMPORTED_WORK


@given(stored=st.sampled_from(sorted(HASHES.values())), place=st.integers(0, 254), put=st.characters(max_codepoint=300))
def test_a_damaged_hash_is_read_or_refused_and_never_an_error(stored: str, place: int, put: str) -> None:
    """SI-12."""
    damaged = stored[:place] + put + stored[place + 1 :]
    try:
        found = imported_hash(damaged)
    except UnusableHash:
        return
    assert found is None or 0 < found.work <= MAX_IMPORTED_WORK
    if found is not None and found.work <= CHEAP_WORK:
        assert found.matches(b"another password") is False


@pytest.mark.parametrize("salt", ["a!c", "a\0c", "a\u00e9c", "\ud800"])
@pytest.mark.parametrize("system", ["Django", "Django, scrypt", "Werkzeug", "Werkzeug, PBKDF2", "OpenSSL"])
def test_a_salt_that_the_system_does_not_make_is_no_error(system: str, salt: str) -> None:
    """SI-12: libraries raise errors of their own for some of them."""
    own = {"OpenSSL": "Zx9qLmB2", "Werkzeug": "OTPMS8r545RQcjAN", "Werkzeug, PBKDF2": "Z1DXUWIlLVZepJSy"}
    stored = HASHES[system].replace(own.get(system, "Zx9qLmB2rT7v"), salt)
    try:
        found = imported_hash(stored)
    except UnusableHash:
        return
    assert found is not None
    assert found.matches(b"another password") is False


@given(put=st.sampled_from("./Aa9Zz"), place=st.integers(7, 59))
def test_bcrypt_decodes_every_hash_that_is_read(put: str, place: int) -> None:
    """SI-12: the library raises an error for some texts of the right form."""
    made = bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode()
    damaged = made[:place] + put + made[place + 1 :]
    try:
        found = imported_hash(damaged)
    except UnusableHash:
        return
    assert found is not None
    assert found.matches(b"y") is False
