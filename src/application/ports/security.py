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
    """Hashes passwords slowly, in a bounded number of threads.

    Both coroutines raise HashingBusy when they would wait for too long. They raise nothing else, whatever the password
    and the hash contain.
    """

    async def hash(self, password: Password) -> PasswordHash:
        """Return a string that `verify` calls a MATCH for this password.

        Each call uses a fresh salt (NIST SP 800-63B-4, section 3.1.1.2). All of the password counts, up to 256
        characters and 1,024 bytes.
        """
        ...

    async def verify(self, password: Password, password_hash: PasswordHash | None, login: str) -> Verdict:
        """Return MISMATCH unless the password has this hash.

        Return MATCH for a hash with current parameters, and MATCH_OUTDATED for one with others. Spellings of a password
        that are equal in NFKC are the same password. None means an unknown account, and never matches. It takes as long
        as a hash with current parameters. A damaged hash never matches. A hash whose parameters exceed the limits of
        the adapter never matches, and is not computed. Both are recorded as `password_hash_unusable`. Each login may
        take only a part of the queue, and beyond it HashingBusy is raised.

        `login` is the folded name that was tried, whether anybody has it or not.
        """
        ...

    def unusable_reason(self, password_hash: str) -> str | None:
        """Return None for a hash that `verify` would try.

        Return otherwise why it would not, in one line. The text contains no part of the hash. Nothing is hashed.
        """
        ...


class PasswordStrength(Protocol):
    """Says which passwords are forbidden or easy to guess."""

    def weakness(self, password: Password, known: Iterable[str]) -> str | None:
        """Return None for a password that is neither forbidden nor easy to guess.

        Return otherwise why it is, and what would help, in at least one sentence. The text does not contain the
        password. Equal passwords have equal answers. Nothing is raised, whatever the texts contain. It takes about a
        millisecond at most.

        `known` holds the username and the email of the account.
        """
        ...


@dataclass(frozen=True, slots=True)
class IssuedToken:
    value: str = field(repr=False)
    expires_in: int
    """In seconds."""


class AccessTokens(Protocol):
    """Issues and verifies access tokens of RFC 9068 (`at+jwt`).

    Neither the database nor the network is used.
    """

    def issue(self, user: User, session_id: SessionId, now: datetime, ends_at: datetime) -> IssuedToken:
        """Return a token for the account and the session, signed with the key that is active at `now`.

        It contains the id and the epoch of the account, and the id of the session. It has an id of its own. Its times
        are whole seconds, and it is issued at `now`, rounded down. It is valid for `expires_in` seconds, at least one.
        It expires at `ends_at` at the latest, unless that is within a second. StorageUnavailable is raised when no key
        is active.

        `ends_at` is the end of the session; the epoch is a number that grows when all sessions of an account end.
        """
        ...

    def verify(self, token: str, now: datetime) -> AccessToken:
        """Return what the token says.

        Raise InvalidToken from the moment at which the token expires. Raise InvalidToken more than five seconds before
        the token was issued, which is how far clocks may differ. Raise InvalidToken if any character was altered, or if
        another service signed the token. Raise InvalidToken, and nothing else, for any other text. The refusal contains
        nothing of the token.
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
        """Return a new key of the algorithm that signs from `now` on.

        No two keys are alike.

        `algorithm` may be RS256, which takes up to a second: never call it in a transaction or on the event loop.
        """
        ...

    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        """Return a private key of the operator, sealed, with these times.

        P-256 becomes ES256, Ed25519 becomes EdDSA, and RSA of 3,072 bits or more becomes RS256. Equal keys have equal
        ids, and different keys have different ones. The sealed key contains no part of the private key. Raise
        InvalidKey for any other text. The refusal contains no part of the text.

        `pem` is PKCS#8, PKCS#1 or SEC 1 without a passphrase.
        """
        ...

    def check(self, key: SigningKey) -> None:
        """Raise InvalidKey when the key cannot be decrypted.

        That is so when it was sealed under another master secret, when its sealed form was altered, and when it has the
        id of another key.
        """
        ...

    def resealed(self, key: SigningKey) -> SigningKey:
        """Return the key, sealed under the current master secret, and otherwise unchanged.

        The same object is returned if it is sealed under that secret already. Raise InvalidKey when the key cannot be
        decrypted.
        """
        ...


class SecurityLog(Protocol):
    """Records security events, under the names of the OWASP Logging Vocabulary where it has one."""

    def record(self, event: SecurityEvent, /, **fields: str | int | bool | None) -> None:
        """Write one line, which contains the name of the event and the values of the fields.

        An event without `max_lines_per_second` is always written. Of any other at least the first line of a second is
        written for each account. No text breaks a line. Nothing is raised, whatever the texts contain. The field
        `login` is never written, since people type passwords there, but a keyed hash of it (HMAC). Equal logins have
        equal hashes, and different logins have different ones.

        `fields` never hold a password, a token or a key.
        """
        ...
