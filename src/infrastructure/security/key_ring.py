import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol, final

from doorward.application.ports.security import PublishedKey
from doorward.application.ports.storage import Storage
from doorward.domain.access.principal import MAX_ACCESS_TOKEN_LIFETIME
from doorward.domain.errors import StorageUnavailable
from doorward.domain.keys.signing_key import SigningKey, expired_keys, may_have_signed, signing_at
from doorward.infrastructure.security.jwk import PrivateKey, public_jwk
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.tokens.verifying_key import VerifyingKey

NO_KEY = "There is no signing key yet; try again in a moment."

PUBLISHED_CACHE_TIME = timedelta(seconds=1)
"""How long the published keys are cached before their states are computed again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenKey:
    """A signing key, opened and parsed once."""

    signing_key: SigningKey
    private: PrivateKey = field(repr=False)
    verifying: VerifyingKey
    """The public key, with the only algorithm that this key signs and verifies with."""
    published: PublishedKey

    @classmethod
    def of(cls, signing_key: SigningKey, private: PrivateKey) -> "OpenKey":
        verifying = VerifyingKey.of(signing_key.algorithm, private.public_key())
        members = public_jwk(verifying.public)
        published = PublishedKey(kid=signing_key.kid, algorithm=signing_key.algorithm, members=members)
        opened = verifying.computes.prepare_key(private)
        return cls(signing_key=signing_key, private=opened, verifying=verifying, published=published)


class KeyOpener(Protocol):
    """What the key ring needs of a KeySealer beside its port."""

    def open(self, key: SigningKey) -> PrivateKey:
        """Return the private key. Raise StartRefused if this node cannot open it."""
        ...


@final
class StoredKeyRing:
    """The stored signing keys, opened. Lookups read one immutable snapshot, which `reload` replaces."""

    def __init__(
        self, storage: Storage, sealer: KeyOpener, token_lifetime: timedelta = MAX_ACCESS_TOKEN_LIFETIME
    ) -> None:
        """`token_lifetime` is that of the longest token."""
        self._storage = storage
        self._sealer = sealer
        self._token_lifetime = token_lifetime
        self._keys: Mapping[str, OpenKey] = MappingProxyType({})
        self._order: tuple[SigningKey, ...] = ()
        """The opened keys in the order in which they sign. A row that does not open is no successor of any key."""
        self._rows: tuple[SigningKey, ...] = ()
        self.generation = 0
        """Grows when the keys change. What was verified in an earlier generation must be verified again."""
        self._published: tuple[PublishedKey, ...] = ()
        self._published_at: datetime | None = None
        self._reloading = asyncio.Lock()

    async def reload(self) -> None:
        """Read the stored keys again, open the new ones, and drop those that are not stored any more.

        A key that was opened before is not opened again: its row may be sealed under a master secret that this node
        does not have yet. If the keys cannot be read (StorageUnavailable), the ring stays as it was. A key that cannot
        be opened is left out; StartRefused names it once, after the others were added.
        """
        async with self._reloading:  # so that a slow read does not replace the result of a later one
            async with self._storage.reading() as reading:
                rows = tuple(await reading.keys.all())
            if rows == self._rows:
                return
            opened = {key.kid: self._opened(key) for key in rows}
            self._keys = MappingProxyType({kid: key for kid, key in opened.items() if isinstance(key, OpenKey)})
            self._order = tuple(key for key in rows if key.kid in self._keys)
            self._rows = rows
            self._published_at = None
            self.generation += 1
            for key in opened.values():
                if isinstance(key, StartRefused):
                    raise key

    def _opened(self, key: SigningKey) -> OpenKey | StartRefused:
        known = self._keys.get(key.kid)
        if known is not None and known.signing_key.algorithm == key.algorithm:
            return (
                known if known.signing_key == key else replace(known, signing_key=key)
            )  # the same kid means the same key
        try:
            return OpenKey.of(key, self._sealer.open(key))
        except StartRefused as refused:
            return refused

    def ready(self, now: datetime) -> bool:
        """Return whether `signing` returns a key."""
        return signing_at(self._order, now) is not None

    def signing(self, now: datetime) -> OpenKey:
        """Return the key that signs at `now`. Raise StorageUnavailable when there is none, as before the first
        `reload`."""
        key = signing_at(self._order, now)
        if key is None:
            raise StorageUnavailable(NO_KEY, cause="no_signing_key")
        return self._keys[key.kid]

    def verifying(self, kid: str) -> OpenKey | None:
        """Return the key with exactly this id, without any access to the database or the network. Raise
        StorageUnavailable before the first `reload`: a node that has no keys yet cannot reject a token."""
        if not self._order:
            raise StorageUnavailable(NO_KEY, cause="no_signing_key")
        return self._keys.get(kid)

    def may_have_signed(self, key: OpenKey, moment: datetime) -> bool:
        """Return whether this key may have signed at `moment`."""
        return may_have_signed(key.signing_key, self._order, moment)

    def published(self, now: datetime) -> Sequence[PublishedKey]:
        if not self._order:
            raise StorageUnavailable(NO_KEY, cause="no_signing_key")
        if self._published_at is None or abs(now - self._published_at) >= PUBLISHED_CACHE_TIME:
            gone = expired_keys(self._order, now, self._token_lifetime)
            published = tuple(self._keys[key.kid].published for key in self._order if key not in gone)
            self._published = self._published if published == self._published else published
            self._published_at = now
        return self._published

    def all(self) -> tuple[OpenKey, ...]:
        """Return the keys in the order in which they sign."""
        return tuple(self._keys[key.kid] for key in self._order)
