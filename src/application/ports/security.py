"""What the inside asks of cryptography and of the security log."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from domain.access.principal import AccessToken
from domain.accounts.password import Password, PasswordHash
from domain.accounts.user import User
from domain.keys.signing_key import SigningKey


class Verdict(Enum):
    MISMATCH = auto()
    MATCH = auto()
    MATCH_OUTDATED = auto()
    """The password is right; its hash has yesterday's parameters and should be replaced."""


class PasswordHasher(Protocol):
    """Slow on purpose, in threads of its own with a bounded queue. Both methods raise HashingBusy beyond it."""

    async def hash(self, password: Password) -> PasswordHash:
        """A salted PHC string."""
        ...

    async def verify(self, password: Password, stored: PasswordHash | None) -> Verdict:
        """None is nobody: it costs the same as a real hash and never matches. Nor does a damaged hash, or one whose
        parameters would cost more than the adapter's limits; both are reported to the log."""
        ...


class PasswordBlocklist(Protocol):
    def blocks(self, password: Password) -> bool:
        """True for passwords that are tried first: the commonest, and those of the operator's own list."""
        ...


@dataclass(frozen=True, slots=True)
class IssuedToken:
    value: str = field(repr=False)
    expires_in: int
    """Seconds."""


class AccessTokens(Protocol):
    """Access tokens as RFC 9068 (`at+jwt`)."""

    def issue(self, user: User, now: datetime) -> IssuedToken:
        """A token for that account in its present epoch, signed by the key that signs at `now`."""
        ...

    def verify(self, token: str, now: datetime) -> AccessToken:
        """What the token says; raise InvalidToken for anything that is not wholly ours, whole and in time. Neither
        the database nor the network is asked."""
        ...


class KeyRing(Protocol):
    """The signing keys of this node, in memory, opened."""

    async def reload(self) -> None:
        """Read the stored keys again; those that are no longer stored are forgotten. Nothing else happens when they are
        the same."""
        ...

    def ready(self, now: datetime) -> bool:
        """True when a token can be signed at `now`."""
        ...


class KeySealer(Protocol):
    """Makes and seals private keys under the master secret."""

    def generate(self, now: datetime) -> SigningKey:
        """A fresh ES256 key that signs from `now` on."""
        ...

    def seal(self, pem: bytes, now: datetime, signs_from: datetime) -> SigningKey:
        """A private key of the operator's, PKCS#8 or traditional PEM without a passphrase: P-256 (ES256), Ed25519
        (EdDSA) or RSA of 3,072 bits and more (RS256). Raise InvalidKey, saying what would do."""
        ...

    def check(self, key: SigningKey) -> None:
        """Raise InvalidKey when this key does not open, as under another master secret."""
        ...


class SecurityLog(Protocol):
    """Security events, in the words of the OWASP Logging Vocabulary where it has one."""

    def record(self, event: str, /, **fields: str | int | bool | None) -> None:
        """Write one event. The field `login`, what a stranger typed as a name, is written as a keyed hash: people type
        passwords there. No field ever holds a password, a token or a key."""
        ...
