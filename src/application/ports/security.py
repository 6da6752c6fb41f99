"""The ports of cryptography and of the security log."""

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
    """The password is right, but its hash has outdated parameters and should be replaced."""


class PasswordHasher(Protocol):
    """Hashes passwords slowly, in a bounded pool of threads. `hash` and `verify` raise HashingBusy when the pool is
    full."""

    async def hash(self, password: Password) -> PasswordHash:
        """Return a salted PHC string."""
        ...

    async def verify(self, password: Password, password_hash: PasswordHash | None) -> Verdict:
        """Return whether the password matches the hash.

        None stands for an unknown account: it costs the same as a real hash and never matches. A damaged hash never
        matches either, nor one whose parameters exceed the adapter's limits; both are reported to the log.
        """
        ...

    def unusable_reason(self, password_hash: str) -> str | None:
        """Return why `verify` would not try this hash, without any part of it; None when it would. It computes no
        hash."""
        ...


class PasswordStrength(Protocol):
    def weakness(self, password: Password, known: Iterable[str]) -> str | None:
        """Return why the password is forbidden or easy to guess, and what would help; None if it is neither.

        `known` is what belongs to the account: username and email. Takes about a millisecond at most.
        """
        ...


@dataclass(frozen=True, slots=True)
class IssuedToken:
    value: str = field(repr=False)
    expires_in: int
    """In seconds."""


class AccessTokens(Protocol):
    """Issues and verifies access tokens of RFC 9068 (`at+jwt`)."""

    def issue(self, user: User, session_id: SessionId, now: datetime, ends_at: datetime) -> IssuedToken:
        """Return a token for the account in its present epoch and for that session. It expires at `ends_at` at the
        latest, when the session ends. The key that signs at `now` signs it."""
        ...

    def verify(self, token: str, now: datetime) -> AccessToken:
        """Return the claims of the token without any access to the database or the network. Raise InvalidToken for
        every token that this service did not sign, and for one that is altered or not valid at `now`."""
        ...


class RevocationSigner(Protocol):
    """Signs revocation lists. A list is never accepted as a token, nor a token as a list. Both methods raise
    StorageUnavailable when no key signs."""

    def kid(self, now: datetime) -> str:
        """Return the id of the key that signs at `now`."""
        ...

    def sign(
        self,
        sessions: Sequence[tuple[SessionId, datetime]],
        accounts: Sequence[tuple[UserId, int, datetime]],
        now: datetime,
        ends_at: datetime,
    ) -> bytes:
        """Return a list that is valid until `ends_at`. It contains the ended sessions, and the accounts with the first
        epoch that is valid again. Each entry has the time after which no token needs it."""
        ...


class RefreshTokens(Protocol):
    """Issues opaque refresh tokens of 256 secret bits. Each token has exactly one successor, which can be computed
    again for a client that did not receive it, although only hashes are stored."""

    def first(self, session_id: SessionId) -> RefreshToken:
        """Return a random token for a new session."""
        ...

    def read(self, value: str) -> RefreshToken:
        """Return the parsed token. Raise InvalidRefreshToken when it does not have the form of one."""
        ...

    def successors(self, token: RefreshToken) -> Sequence[RefreshToken]:
        """Return the successor under the present master secret and then, while there is a previous secret, the one
        under that."""
        ...


class ServiceSecrets(Protocol):
    def generate(self) -> tuple[ServiceId, str, ServiceSecretHash]:
        """Return an id, a secret of 256 random bits to be shown once, and the hash of the secret to be stored."""
        ...

    def matches(self, secret: str, secret_hash: ServiceSecretHash | None) -> bool:
        """Return whether the secret has this hash, in constant time. None stands for an unknown service and never
        matches."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedKey:
    """The public half of a signing key."""

    kid: str
    algorithm: Algorithm
    members: Mapping[str, str]
    """The members of the JSON Web Key: `kty` and what that type requires (RFC 7518, section 6; RFC 8037, section 2)."""


class KeyRing(Protocol):
    """The opened signing keys of this node, in memory."""

    async def reload(self) -> None:
        """Read the stored keys again, and drop the keys that are not stored any more. Do nothing else if they are
        unchanged."""
        ...

    def ready(self, now: datetime) -> bool:
        """Return whether a token can be signed at `now`."""
        ...

    def published(self, now: datetime) -> Sequence[PublishedKey]:
        """Return the keys that may verify a valid token, in the order in which they sign. It reads no storage, and
        returns the same object while the keys are unchanged. Raise StorageUnavailable while there is no key, as before
        the first `reload`."""
        ...


class KeySealer(Protocol):
    """Generates private keys and seals them under the master secret."""

    def generate(self, now: datetime, algorithm: Algorithm = "ES256") -> SigningKey:
        """Return a fresh key that signs from `now` on. RSA takes up to a second, so never call it in a transaction or
        on the event loop."""
        ...

    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        """Return the operator's private key, sealed. The PEM is PKCS#8 or traditional, without a passphrase: P-256
        (ES256), Ed25519 (EdDSA), or RSA of at least 3,072 bits (RS256). Raise InvalidKey, which states what is
        accepted."""
        ...

    def check(self, key: SigningKey) -> None:
        """Raise InvalidKey when the key does not open, for example because it was sealed under another master
        secret."""
        ...

    def resealed(self, key: SigningKey) -> SigningKey:
        """Return the key, sealed under the present master secret; the very same key if it already is. Raise InvalidKey
        when it does not open."""
        ...


class SecurityLog(Protocol):
    """Records security events, in the terms of the OWASP Logging Vocabulary where it has one."""

    def record(self, event: SecurityEvent, /, **fields: str | int | bool | None) -> None:
        """Write one event. No field may hold a password, a token or a key.

        The field `login` is what a stranger typed as a name. People type passwords there, so only a keyed hash of it
        is written.
        """
        ...
