"""What Argon2 does beyond the contract of PasswordHasher, which test_password_hashers.py runs."""

from collections.abc import Callable, Iterator
from typing import Any

import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorward.application.ports.security import Verdict
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.accounts.password import Password, PasswordHash
from doorward.infrastructure.security.argon2_cffi import Argon2Cffi
from doorward.infrastructure.security.hashing_pool import HashingPool
from doorward.infrastructure.security.libsodium import Libsodium
from doorward.infrastructure.security.passwords import (
    CURRENT_FORM,
    DUMMY_HASH,
    MAX_MEMORY_KIB,
    Argon2Hasher,
    Argon2Library,
    Undecodable,
    unusable_reason,
    work_of,
)
from doorward.testing.doubles import FrozenClock, ListLog

SECRET = Password.typed("violet harbour kettle orbit")
OTHER = Password.typed("violet harbour kettle orbis")
LOGIN = "ada"
OLD = argon2.PasswordHasher(1, 64, 1)
"""Yesterday's parameters, and cheap."""

LIBRARIES: dict[str, Argon2Library] = {"argon2-cffi": Argon2Cffi(), "libsodium": Libsodium(Argon2Cffi())}
Make = Callable[[str], Argon2Hasher]


class Counting:
    """A library that notes which hashes it has tried."""

    def __init__(self, library: Argon2Library) -> None:
        self.library, self.name = library, library.name
        self.tried: list[str] = []

    def hash(self, password: bytes) -> str:
        return self.library.hash(password)

    def verify(self, phc: str, password: bytes) -> bool:
        self.tried.append(phc)
        return self.library.verify(phc, password)


@pytest.fixture
def log() -> ListLog:
    return ListLog()


@pytest.fixture
def make(log: ListLog) -> Iterator[Make]:
    """A hasher by the library of that name."""
    pool = HashingPool(2, 8, FrozenClock(), timeout_seconds=60.0)
    yield lambda name: Argon2Hasher(LIBRARIES[name], pool, log)
    pool.close()


@pytest.fixture(params=LIBRARIES)
def argon2_hasher(request: pytest.FixtureRequest, make: Make) -> Argon2Hasher:
    return make(request.param)


# --- what Argon2 does -------------------------------------------------------------------------------


async def test_hashes_are_argon2id_with_the_parameters_of_owasp_and_a_salt_of_their_own(
    argon2_hasher: Argon2Hasher,
) -> None:
    """ST-01."""
    first, second = await argon2_hasher.hash(SECRET), await argon2_hasher.hash(SECRET)
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    parameters = argon2.extract_parameters(first)
    assert (parameters.salt_len, parameters.hash_len) == (16, 32)
    assert first.split("$")[4] != second.split("$")[4]
    assert argon2.PasswordHasher().verify(first, SECRET.value)


@pytest.mark.parametrize(
    "library",
    [
        OLD,
        argon2.PasswordHasher(1, 8, 1),
        argon2.PasswordHasher(1, 65, 1),
        argon2.PasswordHasher(2, 128, 2),
        argon2.PasswordHasher(2, 128, 2, type=argon2.Type.I),
        argon2.PasswordHasher(1, 64, 1, type=argon2.Type.D),
        argon2.PasswordHasher(1, 64, 1, hash_len=20),
        argon2.PasswordHasher(1, 64, 1, hash_len=64),
        argon2.PasswordHasher(1, 64, 1, salt_len=8),
        argon2.PasswordHasher(1, 64, 1, salt_len=24),
    ],
)
async def test_a_hash_with_other_parameters_matches_and_is_called_outdated(
    argon2_hasher: Argon2Hasher, library: argon2.PasswordHasher
) -> None:
    """SI-11: only the right password learns so."""
    stored = PasswordHash(library.hash(SECRET.value))
    assert await argon2_hasher.verify(SECRET, stored, LOGIN) is Verdict.MATCH_OUTDATED
    assert await argon2_hasher.verify(OTHER, stored, LOGIN) is Verdict.MISMATCH


@pytest.mark.parametrize("library", [OLD, argon2.PasswordHasher(2, 19_456, 1)], ids=["other parameters", "ours"])
async def test_a_hash_of_a_password_as_it_was_typed_matches_and_is_called_outdated(
    argon2_hasher: Argon2Hasher, library: argon2.PasswordHasher
) -> None:
    """Other systems do not normalise."""
    raw = "\ufb01fteen e\u0301clairs\u2026"
    typed = Password.typed(raw)
    stored = PasswordHash(library.hash(raw))
    assert typed.value != raw
    assert await argon2_hasher.verify(typed, stored, LOGIN) is Verdict.MATCH_OUTDATED
    assert await argon2_hasher.verify(Password.typed(typed.value), stored, LOGIN) is Verdict.MISMATCH
    renewed = await argon2_hasher.hash(typed)
    assert await argon2_hasher.verify(typed, renewed, LOGIN) is Verdict.MATCH
    assert await argon2_hasher.verify(Password.typed(typed.value), renewed, LOGIN) is Verdict.MATCH


@pytest.mark.parametrize("raw", ["violet harbour kettle", "\ufb01fteen e\u0301clairs\u2026"])
async def test_a_wrong_password_costs_the_same_whether_anybody_has_the_name_or_not(raw: str) -> None:
    """SI-02: as many computations, of hashes with the same parameters."""
    library, log = Counting(Argon2Cffi()), ListLog()
    pool = HashingPool(1, 1, FrozenClock(), timeout_seconds=60.0)
    hasher = Argon2Hasher(library, pool, log)
    work = []
    for stored in (None, await hasher.hash(OTHER), PasswordHash(DUMMY_HASH), PasswordHash("nonsense")):
        library.tried.clear()
        assert await hasher.verify(Password.typed(raw), stored, LOGIN) is Verdict.MISMATCH
        work.append([phc.rsplit("$", 2)[0] for phc in library.tried])
    pool.close()
    assert work == [work[0]] * 4
    assert len(work[0]) == 1 + (Password.typed(raw).raw is not None)


def test_nobody_costs_what_a_hash_of_today_costs() -> None:
    """SI-02: from the first sign-in on, since the decoy is written down."""
    assert CURRENT_FORM.fullmatch(DUMMY_HASH)
    assert argon2.extract_parameters(DUMMY_HASH).memory_cost == 19_456


B64_SALT, B64_HASH = "A" * 22, "A" * 43


@pytest.mark.parametrize(
    "stored",
    [
        f"$argon2id$v=19$m=4294967295,t=2,p=1${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$m={MAX_MEMORY_KIB + 1},t=2,p=1${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$m={MAX_MEMORY_KIB},t=4,p=1${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$m=31129,t=10,p=8${B64_SALT}${B64_HASH}",
        f"$argon2i$v=19$m=31129,t=10,p=1${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$m=19456,t=999,p=1${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$m=19456,t=4294967295,p=1${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$m=19456,t=2,p=255${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$m=19456,t=2,p=16777215${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$m=0,t=0,p=0${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$m=7,t=1,p=1${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$m=-1,t=2,p=1${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$m=\uff11\uff12\uff18,t=2,p=1${B64_SALT}${B64_HASH}",
        f"$argon2id$v=99$m=128,t=1,p=1${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$m=128,t=1,p=1${B64_SALT}",
        f"$argon2id$v=19$m=128,t=1,p=1$A${B64_HASH}",
        f"$argon2id$v=19$m=0128,t=1,p=1${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$m=128,t=01,p=1${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$m=128,t=1,p=1${'A' * 21}B${B64_HASH}",
        f"$argon2id$v=19$m=128,t=1,p=1${B64_SALT}${'A' * 42}B",
        f"$argon2id$v=19$m=128,t=1,p=1${'A' * 13}${B64_HASH}",
        f"$argon2id$v=19$m=128,t=1,p=1${B64_SALT}${B64_HASH}\n",
        f"$argon2x$v=19$m=128,t=1,p=1${B64_SALT}${B64_HASH}",
        f"$argon2id$v=19$p=1,m=128,t=1${B64_SALT}${B64_HASH}",
        "$2x$12$abcdefghijklmnopqrstuuK8Gd0r6Q2m1v0jT0q7n8xC4r5s6t7u8",
        "\ud800",
        "\0" * 100,
        "$" * 1000,
    ],
)
async def test_a_damaged_or_absurd_hash_is_a_mismatch_and_an_event(
    argon2_hasher: Argon2Hasher, log: ListLog, stored: str
) -> None:
    """SI-12: no error, no giant allocation, and the event does not hold the hash."""
    assert await argon2_hasher.verify(SECRET, PasswordHash(stored), LOGIN) is Verdict.MISMATCH
    (fields,) = log.of(SecurityEvent.PASSWORD_HASH_UNUSABLE)
    assert fields["reason"] == argon2_hasher.unusable_reason(stored)
    known = {
        "malformed, or of a kind that is not supported",
        "absurd parameters",
        "undecodable",
        "malformed bcrypt, or not one of $2a$, $2b$ and $2y$",
    }
    assert fields["reason"] in known
    assert stored not in str(log.events)


@pytest.mark.parametrize(
    ("parameters", "work"),
    [
        ("m=19456,t=2,p=1", 1),
        ("m=64,t=1,p=1", 1),
        ("m=7168,t=5,p=1", 1),
        ("m=65536,t=3,p=4", 11),
        ("m=102400,t=2,p=8", 11),
        ("m=65536,t=4,p=1", 7),
        ("m=131072,t=1,p=8", 7),
        ("m=31129,t=10,p=1", 8),
    ],
    ids=["ours", "cheap", "Keycloak", "argon2-cffi and node-argon2", "Django", "PHP", "Kratos", "ten passes"],
)
def test_the_default_hashes_of_others_are_usable_and_lanes_count_as_what_they_cost(parameters: str, work: int) -> None:
    """SI-12: hashes of several lanes are computed by the slower library, so they count twice."""
    stored = f"$argon2id$v=19${parameters}${B64_SALT}${B64_HASH}"
    assert unusable_reason(stored) is None
    assert work_of(stored) == work


async def test_whether_a_hash_is_usable_is_told_without_hashing() -> None:
    library, pool = Counting(Argon2Cffi()), HashingPool(1, 1, FrozenClock(), timeout_seconds=60.0)
    hasher = Argon2Hasher(library, pool, ListLog())
    for stored in (await hasher.hash(SECRET), DUMMY_HASH, "nonsense"):
        hasher.unusable_reason(stored)
    pool.close()
    assert library.tried == []


async def test_wrong_and_unknown_are_no_events(argon2_hasher: Argon2Hasher, log: ListLog) -> None:
    await argon2_hasher.verify(OTHER, PasswordHash(OLD.hash(SECRET.value)), LOGIN)
    await argon2_hasher.verify(OTHER, None, LOGIN)
    assert log.events == []


# --- what one library makes, the other reads --------------------------------------------------------


@pytest.mark.parametrize(("makes", "reads"), [("argon2-cffi", "libsodium"), ("libsodium", "argon2-cffi")])
@pytest.mark.parametrize(
    "text", [SECRET.value, "a\0b with a NUL inside", "\ud800 a lone surrogate", "\U0001f511" * 256, ""]
)
async def test_a_hash_made_by_one_library_is_todays_for_the_other(
    make: Make, makes: str, reads: str, text: str
) -> None:
    """ST-01: 1,024 bytes, too."""
    stored = await make(makes).hash(Password.typed(text))
    assert CURRENT_FORM.fullmatch(stored)
    assert await make(reads).verify(Password.typed(text), stored, LOGIN) is Verdict.MATCH
    assert await make(reads).verify(Password.typed(f"{text}!"), stored, LOGIN) is Verdict.MISMATCH


def by_libargon2(**asked: Any) -> str:
    return argon2.low_level.hash_secret(**{**CHEAP, **asked}).decode("ascii")


CHEAP: dict[str, Any] = {
    "secret": SECRET.value.encode(),
    "salt": bytes(16),
    "time_cost": 1,
    "memory_cost": 16,
    "parallelism": 1,
    "hash_len": 32,
    "type": argon2.Type.ID,
}
ALL_KINDS = st.fixed_dictionaries(
    {
        "salt": st.binary(min_size=8, max_size=24) | st.binary(min_size=16, max_size=16),
        "time_cost": st.integers(1, 3),
        "memory_cost": st.integers(16, 40),
        "parallelism": st.sampled_from([1, 1, 2]),
        "hash_len": st.sampled_from([32, 32, 16, 33, 64]),
        "type": st.sampled_from([argon2.Type.ID, argon2.Type.ID, argon2.Type.I, argon2.Type.D]),
        "version": st.sampled_from([19, 19, 16]),
    }
)


@given(asked=ALL_KINDS, password=st.binary(max_size=40))
@settings(deadline=None)
def test_both_libraries_read_every_hash_alike(asked: dict[str, Any], password: bytes) -> None:
    made = by_libargon2(secret=password, **asked)
    assert unusable_reason(made) is None
    assert found(made, password) == [True, True]
    assert found(made, password + b"!") == [False, False]


@given(salt=st.binary(min_size=16, max_size=16), place=st.integers(0, 95), put=st.sampled_from("0169ABwz+/$,="))
@settings(deadline=None)
def test_both_libraries_read_every_damaged_hash_alike(salt: bytes, place: int, put: str) -> None:
    """SI-12."""
    made = by_libargon2(salt=salt)
    damaged = made[:place] + put + made[place + 1 :]
    if unusable_reason(damaged) is None:
        one, other = found(damaged, CHEAP["secret"])
        assert one is other is not None


def found(phc: str, password: bytes) -> list[bool | None]:
    """By each library; None when it cannot be read."""
    answers: list[bool | None] = []
    for library in LIBRARIES.values():
        try:
            answers.append(library.verify(phc, password))
        except Undecodable:
            answers.append(None)
    return answers
