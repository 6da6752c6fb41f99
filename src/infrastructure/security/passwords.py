import re
from collections.abc import Sequence
from itertools import islice
from typing import Protocol, final

from doorward.application.ports.security import SecurityLog, Verdict
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.accounts.password import Password, PasswordHash
from doorward.infrastructure.security.hashing_pool import HashingPool

MEMORY, TIME, PARALLELISM = 19_456, 2, 1
"""KiB, passes, lanes: the OWASP Password Storage Cheat Sheet's Argon2id."""

SALT, HASH = 16, 32
MOST_MEMORY, MOST_TIME, MOST_PARALLELISM = 131_072, 10, 8
"""What a stored hash may ask for: an imported one of twice a usual strength, and no gigabyte."""

MOST_WORK = 8 * MEMORY * TIME
"""KiB times passes, which is what a hash takes its time for: one that took a second would be given up, and never
renewed."""

PHC = re.compile(
    r"\$argon2(?:id|i|d)\$v=(?:16|19)\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})",
    re.ASCII,
)
LANE = 8
"""KiB that each lane takes at least."""

LEFT_OVER = {2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}
"""By how many letters the last group has: which of them may end base64 without padding, so that no bit is left over."""

TODAYS = re.compile(
    rf"\$argon2id\$v=19\$m={MEMORY},t={TIME},p={PARALLELISM}\$[A-Za-z0-9+/]{{22}}\$[A-Za-z0-9+/]{{43}}",
    re.ASCII,
)
DECOY = f"$argon2id$v=19$m={MEMORY},t={TIME},p={PARALLELISM}${'A' * 22}${'A' * 43}"
"""No password's hash, and as much work as one: written down, so that the first sign-in of all costs no more."""


class Undecodable(Exception):
    """A hash that has the form of one and is none."""


class Argon2Library(Protocol):
    """What computes. It blocks, and other threads run meanwhile. Both methods raise HashingBusy when there is no memory
    to be had."""

    @property
    def name(self) -> str:
        """As DOORWARD_HASHER has it."""
        ...

    def hash(self, password: bytes) -> str:
        """A PHC string by today's parameters, with a fresh salt."""
        ...

    def verify(self, phc: str, password: bytes) -> bool:
        """Of any string that `unfit` finds fit. Raise Undecodable."""
        ...


@final
class Argon2Hasher:
    """Argon2id by one of its libraries, in the threads of a pool. The strings are the same by each of them."""

    def __init__(self, library: Argon2Library, pool: HashingPool, log: SecurityLog) -> None:
        self._library = library
        self._pool = pool
        self._log = log

    async def hash(self, password: Password) -> PasswordHash:
        return PasswordHash(await self._pool.run(lambda: self._library.hash(octets(password.value))))

    async def verify(self, password: Password, stored: PasswordHash | None) -> Verdict:
        damage = None if stored is None else unfit(stored)
        phc = DECOY if stored is None or damage else stored
        spellings = [octets(password.value)] if password.raw is None else [octets(password.value), octets(password.raw)]
        matching = await self._pool.run(lambda: self._matching(phc, spellings))
        if matching is None:
            damage = "undecodable"
        if damage:
            self._log.record(SecurityEvent.PASSWORD_HASH_UNUSABLE, reason=damage)
        if phc is DECOY or not matching:
            return Verdict.MISMATCH
        return Verdict.MATCH if TODAYS.fullmatch(phc) and matching == spellings[:1] else Verdict.MATCH_OUTDATED

    def damage(self, stored: str) -> str | None:
        return unfit(stored)

    def _matching(self, phc: str, spellings: Sequence[bytes]) -> Sequence[bytes] | None:
        """The first that it is the hash of, or none; None for a hash that cannot be read, which costs as much."""
        try:
            return [*islice((each for each in spellings if self._library.verify(phc, each)), 1)]
        except Undecodable:
            for each in spellings:
                self._library.verify(DECOY, each)
            return None


def octets(text: str) -> bytes:
    """UTF-8; a lone surrogate, which is no text, becomes bytes that are none either and never raises."""
    return text.encode("utf-8", "surrogatepass")


def unfit(stored: str) -> str | None:
    """Why this hash is not even tried; None for one that every library can read."""
    phc = PHC.fullmatch(stored)
    if phc is None:
        return "malformed"
    *numbers, salt, digest = phc.groups()
    memory, time, parallelism = map(int, numbers)
    if memory > MOST_MEMORY or time > MOST_TIME or parallelism > MOST_PARALLELISM or memory * time > MOST_WORK:
        return "absurd parameters"
    decodable = (
        not any(number.startswith("0") for number in numbers)
        and memory >= LANE * parallelism
        and whole_bytes(salt)
        and whole_bytes(digest)
    )
    return None if decodable else "undecodable"


def whole_bytes(letters: str) -> bool:
    """Whether base64 without padding stands for whole bytes, and is the only way to write them."""
    group = len(letters) % 4
    return group == 0 or letters[-1] in LEFT_OVER.get(group, ())
