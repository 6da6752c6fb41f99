"""Plain stand-ins for the ports that are slow, random or outside. Where contract tests exist, they pass them as the
adapters do.

A use case takes them as it takes the adapters:

    storage, clock, log = MemoryStorage(), FrozenClock(), ListLog()
    rules = PasswordRules(PasswordPolicy(), ShortBlocklist())
    register = RegisterUser(storage, PlainHasher(), rules, EmailVerification.OFF, log)
    await register("ada", "ada@example.org", "violet harbour kettle", clock.now())
    assert log.of(SecurityEvent.USER_CREATED)
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from math import ceil
from uuid import UUID

from doorward.application.ports.clock import Clock
from doorward.application.ports.letters import LetterContents
from doorward.application.ports.security import IssuedToken, Verdict
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.principal import AccessToken
from doorward.domain.accounts.password import Password, PasswordHash
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidKey, InvalidToken
from doorward.domain.ids import SessionId, TokenId, UserId, uuid7
from doorward.domain.keys.signing_key import Algorithm, SigningKey
from doorward.domain.letters.link_token import LinkTokenHash
from doorward.domain.rate_limits.rate_limit import RateLimit

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FIFTEEN_MINUTES, FIVE_SECONDS = timedelta(minutes=15), timedelta(seconds=5)
NUMBERS = count(1)


@dataclass(slots=True)
class FrozenClock:
    """A clock that stands still until it is moved, as by `clock.advance(days=31)`."""

    time: datetime = NOON
    seconds: float = 1000.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        """Move so many seconds on. A negative number sets the clock back."""
        self.time += timedelta(seconds=seconds)
        self.seconds += seconds

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move by the sum of what is given."""
        self.move(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds())


@dataclass(slots=True)
class PlainHasher:
    """Stores passwords readably. `$plain$1$` is the current form, `$plain$0$` an outdated one; `work` counts
    verifications, and `hashed` new hashes."""

    work: int = 0
    hashed: int = 0

    async def hash(self, password: Password) -> PasswordHash:
        self.hashed += 1
        return PasswordHash(f"$plain$1${password.value}")

    async def verify(self, password: Password, password_hash: PasswordHash | None, login: str) -> Verdict:
        self.work += 1
        if password_hash == f"$plain$1${password.value}":
            return Verdict.MATCH
        if password_hash == f"$plain$0${password.value}":
            return Verdict.MATCH_OUTDATED
        return Verdict.MISMATCH

    def unusable_reason(self, password_hash: str) -> str | None:
        return None if password_hash.startswith(("$plain$0$", "$plain$1$")) else "malformed"


@dataclass(frozen=True, slots=True)
class ShortBlocklist:
    """Password strength by a list: what is on it is weak."""

    blocked: frozenset[str] = frozenset()

    def weakness(self, password: Password, known: Iterable[str]) -> str | None:
        return "This password is blocked. Choose another one." if password.value in self.blocked else None


@dataclass(frozen=True, slots=True)
class ListLog:
    """Collects the events that it is given."""

    events: list[tuple[SecurityEvent, dict[str, str | int | bool | None]]] = field(default_factory=list)

    def record(self, event: SecurityEvent, /, **fields: str | int | bool | None) -> None:
        self.events.append((event, fields))

    def of(self, event: SecurityEvent) -> list[dict[str, str | int | bool | None]]:
        return [fields for name, fields in self.events if name == event]


@dataclass(frozen=True, slots=True)
class PlainTokens:
    """Tokens that anybody can read and forge: `subject/id/session/epoch/seconds of issue/seconds of expiry`."""

    def issue(self, user: User, session_id: SessionId, now: datetime, ends_at: datetime) -> IssuedToken:
        issued = int(now.timestamp())
        end = max(int(min(ends_at, now + FIFTEEN_MINUTES).timestamp()), issued + 1)
        return IssuedToken(f"{user.id}/{uuid7(now)}/{session_id}/{user.epoch}/{issued}/{end}", end - issued)

    def verify(self, token: str, now: datetime) -> AccessToken:
        try:
            subject, identifier, session, epoch, issued, end = token.split("/")
            read = AccessToken(
                subject=UserId(UUID(subject)),
                id=TokenId(UUID(identifier)),
                session_id=SessionId(UUID(session)),
                epoch=int(epoch),
                issued_at=datetime.fromtimestamp(int(issued), UTC),
                expires_at=datetime.fromtimestamp(int(end), UTC),
            )
        except (ValueError, OverflowError) as error:
            raise InvalidToken from error
        if not read.issued_at - FIVE_SECONDS <= now < read.expires_at:
            raise InvalidToken
        return read


@dataclass(slots=True)
class PlainLinkTokens:
    """Tokens that count: `link-1`, `link-2` and so on."""

    issued: int = 0

    def generate(self) -> tuple[str, LinkTokenHash]:
        self.issued += 1
        value = f"link-{self.issued}"
        return value, LinkTokenHash(sha256(value.encode()).digest())

    def hash_of(self, value: str) -> LinkTokenHash | None:
        return LinkTokenHash(sha256(value.encode()).digest()) if value.startswith("link-") else None


@dataclass(slots=True)
class ListMailer:
    """Collects the letters that it is given, or fails."""

    sent: list[LetterContents] = field(default_factory=list)
    failure: BaseException | None = None
    attempts: int = 0

    async def send(self, contents: LetterContents) -> None:
        self.attempts += 1
        if self.failure is not None:
            raise self.failure
        self.sent.append(contents)


@dataclass(frozen=True, slots=True)
class PlainSealer:
    """Seals nothing. A key is named by its content, and `before:` marks what the previous secret sealed."""

    def generate(self, now: datetime, algorithm: Algorithm = "ES256") -> SigningKey:
        return replace(self.seal(f"generated{next(NUMBERS)}".encode(), now, now), algorithm=algorithm)

    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        if pem == b"":
            raise InvalidKey("This is not a private key.")
        return SigningKey(kid=pem.decode(), algorithm="ES256", sealed=pem, created_at=now, signs_from=signs_from)

    def check(self, key: SigningKey) -> None:
        if key.sealed.removeprefix(b"before:") != key.kid.encode():
            raise InvalidKey("This key was sealed elsewhere.")

    def resealed(self, key: SigningKey) -> SigningKey:
        self.check(key)
        return replace(key, sealed=key.sealed.removeprefix(b"before:")) if key.sealed.startswith(b"before:") else key


@dataclass(frozen=True, slots=True)
class ExactLimiter:
    """Counts requests by a clock that tests move, and remembers when each was admitted."""

    clock: Clock
    admitted: dict[tuple[str, RateLimit], list[float]] = field(default_factory=dict)

    async def hit(self, key: str, limit: RateLimit) -> int:
        now = self.clock.monotonic()
        times = [time for time in self.admitted.get((key, limit), []) if time > now - limit.seconds]
        if len(times) >= limit.amount:
            return max(1, ceil(times[-limit.amount] + limit.seconds - now))
        self.admitted[key, limit] = [*times, now]
        return 0
