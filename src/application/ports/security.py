"""What the inside asks of cryptography and of the security log."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.principal import AccessToken
from doorward.domain.accounts.password import Password, PasswordHash
from doorward.domain.accounts.user import User
from doorward.domain.ids import SessionId, UserId
from doorward.domain.keys.signing_key import Algorithm, SigningKey
from doorward.domain.services.service import ServiceId, ServiceSecretHash
from doorward.domain.sessions.refresh_token import RefreshToken


class Verdict(Enum):
    MISMATCH = auto()
    MATCH = auto()
    MATCH_OUTDATED = auto()
    """The password is right; its hash has yesterday's parameters and should be replaced."""


class PasswordHasher(Protocol):
    """Slow on purpose, in threads of its own with a bounded queue. `hash` and `verify` raise HashingBusy beyond it."""

    async def hash(self, password: Password) -> PasswordHash:
        """A salted PHC string."""
        ...

    async def verify(self, password: Password, stored: PasswordHash | None) -> Verdict:
        """None is nobody: it costs the same as a real hash and never matches. Nor does a damaged hash, or one whose
        parameters would cost more than the adapter's limits; both are reported to the log."""
        ...

    def damage(self, stored: str) -> str | None:
        """Why `verify` would not even try this hash, without a word of it; None when it would. Takes no time."""
        ...


class PasswordStrength(Protocol):
    def weakness(self, password: Password, known: Iterable[str]) -> str | None:
        """Why the password is too easy to guess or forbidden, and what would help, in sentences; None if it is neither.

        `known` is what belongs to the account: username and email. Takes about a millisecond at most.
        """
        ...


@dataclass(frozen=True, slots=True)
class IssuedToken:
    value: str = field(repr=False)
    expires_in: int
    """Seconds."""


class AccessTokens(Protocol):
    """Access tokens as RFC 9068 (`at+jwt`)."""

    def issue(self, user: User, session_id: SessionId, now: datetime, ends_at: datetime) -> IssuedToken:
        """A token for that account in its present epoch and that session; it ends with the session, at `ends_at`, if
        not before. Signed by the key that signs at `now`."""
        ...

    def verify(self, token: str, now: datetime) -> AccessToken:
        """What the token says; raise InvalidToken for anything that is not wholly ours, whole and in time. Neither
        the database nor the network is asked."""
        ...


class RevocationSigner(Protocol):
    """Signs lists of what must not be honoured any more. No list passes as a token, and no token as a list. Both raise
    StorageUnavailable when no key signs."""

    def kid(self, now: datetime) -> str:
        """Of the key that signs at `now`."""
        ...

    def sign(
        self,
        sessions: Sequence[tuple[SessionId, datetime]],
        accounts: Sequence[tuple[UserId, int, datetime]],
        now: datetime,
        ends_at: datetime,
    ) -> bytes:
        """A list to be relied upon until `ends_at`: sessions, and accounts with the first epoch that is good again;
        each entry with the time after which no token needs it."""
        ...


class RefreshTokens(Protocol):
    """Opaque tokens of 256 secret bits that only we can make. Each has one successor, always the same: who lost the
    answer that told it can be told again, though nothing but hashes is stored."""

    def first(self, session_id: SessionId) -> RefreshToken:
        """A fresh random one, for a session that begins."""
        ...

    def read(self, value: str) -> RefreshToken:
        """What the token says of itself. Raise InvalidRefreshToken when it has not the form of one."""
        ...

    def successors(self, token: RefreshToken) -> Sequence[RefreshToken]:
        """What follows it: first by the present master secret; then, while there is a previous one, by that."""
        ...


class ServiceSecrets(Protocol):
    def generate(self) -> tuple[ServiceId, str, ServiceSecretHash]:
        """An id, a secret of 256 random bits to be shown once, and its hash to be kept."""
        ...

    def matches(self, secret: str, stored: ServiceSecretHash | None) -> bool:
        """In constant time. None is nobody's, and never matches."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedKey:
    """The public half of a signing key."""

    kid: str
    algorithm: Algorithm
    members: Mapping[str, str]
    """Of the key as a JSON Web Key: `kty` and what that kind of key requires (RFC 7518, 6; RFC 8037, 2)."""


class KeyRing(Protocol):
    """The signing keys of this node, in memory, opened."""

    async def reload(self) -> None:
        """Read the stored keys again; those that are no longer stored are forgotten. Nothing else happens when they are
        the same."""
        ...

    def ready(self, now: datetime) -> bool:
        """True when a token can be signed at `now`."""
        ...

    def published(self, now: datetime) -> Sequence[PublishedKey]:
        """All but those that are gone, in the order in which they sign; no storage is asked, and while they are the
        same the answer is the very same. Raise StorageUnavailable when there is none, as before the first `reload`."""
        ...


class KeySealer(Protocol):
    """Makes and seals private keys under the master secret."""

    def generate(self, now: datetime, algorithm: Algorithm = "ES256") -> SigningKey:
        """A fresh key that signs from `now` on. RSA takes up to a second: never within a transaction, nor on the event
        loop."""
        ...

    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        """A private key of the operator's, PKCS#8 or traditional PEM without a passphrase: P-256 (ES256), Ed25519
        (EdDSA) or RSA of 3,072 bits and more (RS256). Raise InvalidKey, saying what would do."""
        ...

    def check(self, key: SigningKey) -> None:
        """Raise InvalidKey when this key does not open, as under another master secret."""
        ...

    def resealed(self, key: SigningKey) -> SigningKey:
        """The same key, sealed under the present master secret; the very same where it is so already. Raise InvalidKey
        when it does not open."""
        ...


class SecurityLog(Protocol):
    """The log of security events."""

    def record(self, event: SecurityEvent, /, **fields: str | int | bool | None) -> None:
        """Write one event. No field may hold a password, a token or a key.

        The field `login` is what a stranger typed as a name. People type passwords there, so only a keyed hash of it
        is written.
        """
        ...
