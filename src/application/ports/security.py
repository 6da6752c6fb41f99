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
from doorward.domain.change_feed.ends import Ends
from doorward.domain.ids import SessionId
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

    async def verify(self, password: Password, password_hash: PasswordHash | None, login: str) -> Verdict:
        """Compare the password with the hash and return the verdict.

        `login` is the folded name that was tried, whether anybody has it or not. Each name may take only a part of the
        queue; beyond it the refusal is HashingBusy, too.

        None means an unknown account: it costs the same as a real hash and never matches. A damaged hash and a hash
        whose parameters exceed the limits of the adapter never match either; both are reported to the log.
        """
        ...

    def unusable_reason(self, password_hash: str) -> str | None:
        """Return why `verify` would not try this hash, or None if it would. The text contains no part of the hash, and
        nothing is hashed."""
        ...


class PasswordStrength(Protocol):
    def weakness(self, password: Password, known: Iterable[str]) -> str | None:
        """Return why the password is forbidden or easy to guess, and what would help; None if it is neither.

        `known` holds the username and the email of the account. Takes about a millisecond at most.
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
        """Return a token for the account and the session, signed with the key that is active at `now`.

        It contains the epoch of the account, a number that grows when all its sessions end, and it expires at `ends_at`
        at the latest, which is the end of the session.
        """
        ...

    def verify(self, token: str, now: datetime) -> AccessToken:
        """Return the claims of the token. Neither the database nor the network is used.

        Raise InvalidToken if this service did not sign the token, or if it was altered or is not valid at `now`.
        """
        ...


class RevocationSigner(Protocol):
    """Signs revocation lists. Neither a list nor a token is accepted in place of the other.

    Both methods raise StorageUnavailable when no key is active.
    """

    def kid(self, now: datetime) -> str:
        """Return the id of the key that is active at `now`."""
        ...

    def sign(self, ends: Ends, now: datetime, ends_at: datetime) -> bytes:
        """Return a signed list that is valid until `ends_at`. It may be called in a thread.

        It contains the ended sessions, and for each account in it the lowest epoch that is still accepted. The time of
        an entry says when the last token that it concerns has expired, so that the entry can be dropped.
        """
        ...


class RefreshTokens(Protocol):
    """Issues opaque refresh tokens with 256 random bits.

    Each token has exactly one successor. It is derived from the token and the master secret, so it can be computed
    again for a client that did not receive it. Only hashes are stored.
    """

    def first(self, session_id: SessionId) -> RefreshToken:
        """Return a random token for a new session."""
        ...

    def read(self, value: str) -> RefreshToken:
        """Return the parsed token. Raise InvalidRefreshToken when its format is wrong."""
        ...

    def successors(self, token: RefreshToken) -> Sequence[RefreshToken]:
        """Return the successor made with the current master secret and, if a previous secret is set, the one made with
        that as the second."""
        ...


class ServiceSecrets(Protocol):
    """Generates and compares the secrets of registered services."""

    def generate(self) -> tuple[ServiceId, str, ServiceSecretHash]:
        """Return an id, a secret of 256 random bits to be shown once, and the hash of the secret to be stored."""
        ...

    def matches(self, secret: str, secret_hash: ServiceSecretHash | None) -> bool:
        """Return whether the secret has this hash, in constant time. None, for an unknown service, never matches."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedKey:
    """The public part of a signing key."""

    kid: str
    algorithm: Algorithm
    members: Mapping[str, str]
    """The members of the JSON Web Key: `kty` and what that type requires (RFC 7518, section 6; RFC 8037, section 2)."""


class KeyRing(Protocol):
    """The decrypted signing keys of this node, in memory."""

    async def reload(self) -> None:
        """Read the stored keys again, and drop the keys that are not stored any more. Unchanged keys are kept."""
        ...

    def ready(self, now: datetime) -> bool:
        """Return whether a token can be signed at `now`."""
        ...

    def published(self, now: datetime) -> Sequence[PublishedKey]:
        """Return the keys that may verify a valid token, sorted by the time from which they sign.

        The storage is not read, and the same object is returned while the keys are unchanged. Raise StorageUnavailable
        when there is no key, for example before the first `reload`.
        """
        ...


class KeySealer(Protocol):
    """Generates private keys, and seals them: encrypts them with a key that is derived from the master secret."""

    def generate(self, now: datetime, algorithm: Algorithm = "ES256") -> SigningKey:
        """Return a new key that signs from `now` on. RSA takes up to a second, so never call it in a transaction or on
        the event loop."""
        ...

    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        """Return a private key of the operator, sealed.

        `pem` is PKCS#8, PKCS#1 or SEC 1 without a passphrase: P-256 (ES256), Ed25519 (EdDSA), or RSA of at least 3,072
        bits (RS256). Raise InvalidKey for anything else; its text says what is accepted.
        """
        ...

    def check(self, key: SigningKey) -> None:
        """Raise InvalidKey when the key cannot be decrypted, for example because it was sealed under another master
        secret."""
        ...

    def resealed(self, key: SigningKey) -> SigningKey:
        """Return the key, sealed under the current master secret. A key that is sealed under it already is returned
        unchanged. Raise InvalidKey when the key cannot be decrypted."""
        ...


class SecurityLog(Protocol):
    """Records security events. Where the OWASP Logging Vocabulary has a name for an event, that name is used."""

    def record(self, event: SecurityEvent, /, **fields: str | int | bool | None) -> None:
        """Write one event. No field may hold a password, a token or a key.

        The field `login` is the name that was typed at sign-in. People type passwords there, so only an HMAC of it is
        written.
        """
        ...
