import re
from collections.abc import Callable, Sequence
from functools import partial
from math import ceil
from typing import Protocol, final

from doorward.application.ports.security import SecurityLog, Verdict
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.accounts.password import Password, PasswordHash
from doorward.encoding.strict_base64 import is_canonical
from doorward.infrastructure.security.hashing_pool import HashingPool
from doorward.infrastructure.security.imported_hashes.imported_hash import ImportedHash, UnusableHash
from doorward.infrastructure.security.imported_hashes.kinds import imported_hash

MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
"""The parameters of new hashes: Argon2id of the OWASP Password Storage Cheat Sheet."""

SALT_BYTES, HASH_BYTES = 16, 32
MAX_MEMORY_KIB, MAX_PASSES, MAX_LANES = 131_072, 10, 8
"""The largest parameters that a stored hash may have: an imported hash of twice the usual strength, but no gigabyte."""

MAX_ARGON2_WORK = 11
"""The largest work of a stored hash of Argon2, in units of the work of a new one (see `work_of`). The defaults of
argon2-cffi, node-argon2, Django and PHP are not above it. Other kinds have MAX_IMPORTED_WORK."""

REFERENCE_FACTOR = 2
"""How many times longer libargon2 takes than libsodium, as measured in docs/decisions/passwords.md."""

PHC = re.compile(
    r"\$argon2(?:id|i|d)\$v=(?:16|19)\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})",
    re.ASCII,
)
LIBSODIUM_FORM = re.compile(
    r"\$argon2id\$v=19\$m=([1-9]\d{1,6}),t=([1-9]\d{0,2}),p=1"
    r"\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})",
    re.ASCII,
)
"""The only form that libsodium computes: one lane, 16 bytes of salt and 32 bytes of hash. libargon2 computes all."""

MEMORY_AND_PASSES = re.compile(r"\$m=(\d+),t=(\d+),", re.ASCII)
MIN_KIB_PER_LANE = 8
"""The least memory of each lane (RFC 9106, section 3.1)."""

CURRENT_FORM = re.compile(
    rf"\$argon2id\$v=19\$m={MEMORY_KIB},t={PASSES},p={LANES}\$[A-Za-z0-9+/]{{22}}\$[A-Za-z0-9+/]{{43}}",
    re.ASCII,
)
DUMMY_HASH = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"
"""A hash that no password has, of the same cost as a real one. It is a constant, so that the first sign-in costs the
same."""


class Undecodable(Exception):
    """The hash is well-formed, but the library cannot decode it."""


class Argon2Library(Protocol):
    """A library that computes Argon2. It blocks and releases the interpreter's lock. Both methods raise HashingBusy
    when there is not enough memory."""

    @property
    def name(self) -> str:
        """The value of DOORWARD_HASHER."""
        ...

    def hash(self, password: bytes) -> str:
        """Return a PHC string with the current parameters and a fresh salt."""
        ...

    def verify(self, phc: str, password: bytes) -> bool:
        """Return whether the password matches. `phc` is a string for which `unusable_reason` is None. Raise
        Undecodable."""
        ...


@final
class Argon2Hasher:
    """Hashes with Argon2id in the threads of a pool, and verifies imported hashes of other kinds there, too. All
    libraries write the same strings."""

    def __init__(self, library: Argon2Library, pool: HashingPool, log: SecurityLog) -> None:
        self._library = library
        self._pool = pool
        self._log = log

    async def hash(self, password: Password) -> PasswordHash:
        return PasswordHash(await self._pool.run(lambda: self._library.hash(to_bytes(password.value))))

    async def verify(self, password: Password, password_hash: PasswordHash | None, login: str) -> Verdict:
        stored, imported, reason = DUMMY_HASH, None, None
        if password_hash is not None:
            try:
                stored, imported = password_hash, usable_hash(password_hash)
            except UnusableHash as error:
                reason = str(error)
        spellings = [to_bytes(spelling) for spelling in (password.value, password.raw) if spelling is not None]
        work = (work_of(stored) if imported is None else imported.work) * len(spellings)
        matches = partial(self._library.verify, stored) if imported is None else imported.matches
        matching = await self._pool.run(lambda: self._matching(matches, spellings), work=work, login=login)
        if matching is None:
            reason = "undecodable"
        if reason:
            self._log.record(SecurityEvent.PASSWORD_HASH_UNUSABLE, reason=reason)
        if stored is DUMMY_HASH or not matching:
            return Verdict.MISMATCH
        return Verdict.MATCH if CURRENT_FORM.fullmatch(stored) and matching == spellings[:1] else Verdict.MATCH_OUTDATED

    def unusable_reason(self, password_hash: str) -> str | None:
        return unusable_reason(password_hash)

    def _matching(self, matches: Callable[[bytes], bool], spellings: Sequence[bytes]) -> Sequence[bytes] | None:
        """Return the first spelling of the password that the hash matches, in a list, or an empty list. Return None for
        a hash that cannot be decoded; that costs the same."""
        try:
            for spelling in spellings:
                if matches(spelling):
                    return [spelling]
        except Undecodable:
            for each in spellings:
                self._library.verify(DUMMY_HASH, each)
            return None
        return []


def to_bytes(text: str) -> bytes:
    """Return the UTF-8 bytes. A lone surrogate, which is no text, is encoded too and never raises."""
    return text.encode("utf-8", "surrogatepass")


def unusable_reason(password_hash: str) -> str | None:
    """Return why this hash is not verified, or None for one that every library can read."""
    try:
        usable_hash(password_hash)
    except UnusableHash as error:
        return str(error)
    return None


def usable_hash(password_hash: str) -> ImportedHash | None:
    """Return a stored hash of another kind than Argon2; None for one of Argon2 that every library can read. Raise
    UnusableHash."""
    imported = imported_hash(password_hash)
    if imported is None:
        refuse_argon2(password_hash)
    return imported


def refuse_argon2(password_hash: str) -> None:
    """Raise UnusableHash unless this is a hash of Argon2 that every library can read."""
    phc = PHC.fullmatch(password_hash)
    if phc is None:
        raise UnusableHash("malformed, or of a kind that is not supported")
    *numbers, salt, digest = phc.groups()
    memory_kib, passes, lanes = map(int, numbers)
    too_large = memory_kib > MAX_MEMORY_KIB or passes > MAX_PASSES or lanes > MAX_LANES
    if too_large or work_of(password_hash) > MAX_ARGON2_WORK:
        raise UnusableHash("absurd parameters")
    decodable = (
        not any(number.startswith("0") for number in numbers)
        and memory_kib >= MIN_KIB_PER_LANE * lanes
        and is_canonical(salt)
        and is_canonical(digest)
    )
    if not decodable:
        raise UnusableHash("undecodable")


def work_of(phc: str) -> int:
    """Return the work of computing a well-formed hash, in units of the work of a new one, rounded up.

    It grows with memory and passes. Lanes share both, so their number adds nothing, but only libargon2 computes hashes
    of several lanes, and those of other kinds and lengths.
    """
    memory_kib, passes = map(int, MEMORY_AND_PASSES.findall(phc)[0])
    factor = 1 if LIBSODIUM_FORM.fullmatch(phc) else REFERENCE_FACTOR
    return ceil(memory_kib * passes * factor / (MEMORY_KIB * PASSES))
