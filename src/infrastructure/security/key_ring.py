import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import final

import jwt
from jwt.algorithms import Algorithm as JwtAlgorithm

from doorward.application.ports.security import PublishedKey
from doorward.application.ports.storage import Storage
from doorward.domain.errors import StorageUnavailable
from doorward.domain.keys.signing_key import KeyState, SigningKey, may_have_signed, signing_at, state_of
from doorward.infrastructure.security.jwk import PrivateKey, PublicKey, public_jwk
from doorward.infrastructure.security.sealing import AesKeySealer
from doorward.infrastructure.settings.start_refused import StartRefused

REMEMBERED = timedelta(seconds=1)
"""How long it is not looked again which of the keys are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenKey:
    """A signing key, opened and ready for use: nothing about it is parsed again."""

    stored: SigningKey
    private: PrivateKey = field(repr=False)
    public: PublicKey
    jws: JwtAlgorithm
    """The one algorithm that this key signs and verifies with."""
    published: PublishedKey

    @classmethod
    def of(cls, stored: SigningKey, private: PrivateKey) -> "OpenKey":
        jws = jwt.get_algorithm_by_name(stored.algorithm)
        public = jws.prepare_key(private.public_key())
        published = PublishedKey(kid=stored.kid, algorithm=stored.algorithm, members=public_jwk(public))
        return cls(stored=stored, private=jws.prepare_key(private), public=public, jws=jws, published=published)


@final
class StoredKeyRing:
    """The stored signing keys, opened. Look-ups read one immutable snapshot, which `reload` replaces whole."""

    def __init__(self, storage: Storage, sealer: AesKeySealer) -> None:
        self._storage = storage
        self._sealer = sealer
        self._keys: Mapping[str, OpenKey] = MappingProxyType({})
        self._order: tuple[SigningKey, ...] = ()
        """Of the opened ones; a row that opens for nobody succeeds no key."""
        self._rows: tuple[SigningKey, ...] = ()
        self.generation = 0
        """Grows when the keys change; what was verified under an earlier one is to be verified again."""
        self._published: tuple[PublishedKey, ...] = ()
        self._published_at: datetime | None = None
        self._reloading = asyncio.Lock()

    async def reload(self) -> None:
        """Read the stored keys again, open those that are new, and drop those that are gone. One that was opened before
        needs no opening: its row may have been sealed under a master secret that this node was not told yet.

        When they cannot be read (StorageUnavailable) the ring stays as it was. A key that cannot be opened is left out;
        StartRefused names it, once, when the others are in the ring already.
        """
        async with self._reloading:  # else a slow reader could put back what it saw before a faster one
            async with self._storage.reading() as reading:
                stored = tuple(await reading.keys.all())
            if stored == self._rows:
                return
            opened = {key.kid: self._opened(key) for key in stored}
            self._keys = MappingProxyType({kid: key for kid, key in opened.items() if isinstance(key, OpenKey)})
            self._order = tuple(key for key in stored if key.kid in self._keys)
            self._rows = stored
            self._published_at = None
            self.generation += 1
            for key in opened.values():
                if isinstance(key, StartRefused):
                    raise key

    def _opened(self, key: SigningKey) -> OpenKey | StartRefused:
        known = self._keys.get(key.kid)
        if known is not None and known.stored.algorithm == key.algorithm:
            return known if known.stored == key else replace(known, stored=key)  # the kid says that it is the same key
        try:
            return OpenKey.of(key, self._sealer.open(key))
        except StartRefused as refused:
            return refused

    def ready(self, now: datetime) -> bool:
        """True when `signing` has a key to give."""
        return signing_at(self._order, now) is not None

    def signing(self, now: datetime) -> OpenKey:
        """The key that signs at `now`; raise StorageUnavailable when none does, as before the first `reload`."""
        key = signing_at(self._order, now)
        if key is None:
            raise StorageUnavailable("There is no signing key yet; try again in a moment.")
        return self._keys[key.kid]

    def verifying(self, kid: str) -> OpenKey | None:
        """The key of exactly that name; neither the database nor the network is asked. Raise StorageUnavailable before
        the first `reload`: a node that knows no keys yet cannot call a token bad."""
        if not self._order:
            raise StorageUnavailable
        return self._keys.get(kid)

    def may_have_signed(self, key: OpenKey, moment: datetime) -> bool:
        """Whether it was this key's turn to sign at `moment`."""
        return may_have_signed(key.stored, self._order, moment)

    def published(self, now: datetime) -> Sequence[PublishedKey]:
        if not self._order:
            raise StorageUnavailable("There is no signing key yet; try again in a moment.")
        if self._published_at is None or abs(now - self._published_at) >= REMEMBERED:
            shown = (key for key in self._order if state_of(key, self._order, now) is not KeyState.GONE)
            published = tuple(self._keys[key.kid].published for key in shown)
            self._published = self._published if published == self._published else published
            self._published_at = now
        return self._published

    def all(self) -> tuple[OpenKey, ...]:
        """In the order in which they sign."""
        return tuple(self._keys[key.kid] for key in self._order)
