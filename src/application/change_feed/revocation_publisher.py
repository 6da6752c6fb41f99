import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import final

from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.application.change_feed.feed_marks import Position
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import RevocationSigner
from doorward.domain.errors import RevocationsIncomplete

LIFETIME = timedelta(minutes=5)
"""How long a list is valid if it is not renewed."""

PERIOD = LIFETIME / 2
"""A list is signed again at the beginning of each period. Periods begin at the same moments on all nodes."""

MAX_WAITING = 256
"""The number of requests that one process lets wait for a new list."""

KEPT_FOR_SERVICES = 64
"""The part of MAX_WAITING that only registered services get."""

MAX_WAITING_PER_ADDRESS = 32
"""The number of waiting requests of one address, unless they are those of registered services."""

PAUSE_FACTOR = 2
"""The pause before the next state is published, as a multiple of the time that signing the lists of this one took."""

MAX_NEW_ENTRIES = 10_000
"""A client gets the whole list if more than this may be new to it, which is what ends in five seconds at 2,000 each."""

MAX_LISTED_ENTRIES = 350_000
"""A longer list is not signed, because a guard reads 32 MiB at most. A client with a cursor gets what is new to it."""

MAX_ENTRIES_ON_THE_LOOP = 2_000
"""A longer list is encoded and signed in a thread. Up to this length it takes about three milliseconds."""

MAX_LISTS_PER_STATE = 64
"""The number of different lists that are signed for one state: what is new since the cursors of other states. With yet
another cursor a client gets the whole list, so that nobody can have one list after another signed. An invented cursor
takes no place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """A signed list that anybody may read. Nodes that know the same ends in the same period, by the same key, give it
    the same `tag`."""

    signed: bytes = field(repr=False)
    tag: str


@final
class RevocationPublisher:
    """Publishes the signed list of sessions and accounts whose access tokens must be refused, for services that verify
    tokens by themselves.

    A list is signed when it is requested and something has changed. All requests in between get the same bytes. A
    client that sends the cursor of its last list gets only what may be new to it.
    """

    def __init__(self, ended: EndedSessions, signer: RevocationSigner, clock: Clock) -> None:
        self._ended = ended
        self._signer = signer
        self._clock = clock
        self._tag = ""
        self._generation = -1
        self._signature: tuple[str, int] | None = None
        """The key and the period of the present state."""
        self._lists: dict[Position | None, asyncio.Task[RevocationList]] = {}
        """The lists of the present state, by the position since which they list. None has all."""
        self._pauses_until = clock.monotonic()
        self._waiting: dict[asyncio.Timeout, str | None] = {}
        """The waiting requests, each with the address of its client, or None for a registered service."""
        self._stopped = False

    def tag(self) -> str:
        """Return the tag of the present state, which costs a few steps however long the list is.

        Raise RevocationsIncomplete while this node may not know of every end, and StorageUnavailable while it has no
        signing key.
        """
        if not self._ended.complete:
            raise RevocationsIncomplete(cause="change_feed_behind")
        now = self._clock.now()
        signature = self._signer.kid(now), int(now.timestamp() / PERIOD.total_seconds())
        is_old = self._ended.generation != self._generation and self._clock.monotonic() >= self._pauses_until
        if signature != self._signature or is_old:
            self._signature, self._generation = signature, self._ended.generation
            tag = sha256(repr((*signature, self._ended.digest)).encode()).hexdigest()[:32]
            if tag != self._tag:  # the same end is reported more than once
                self._tag, self._lists = tag, {}
        return self._tag

    async def list(self, cursor: str | None = None) -> RevocationList:
        """Return the present list, or only what may be new to somebody with the cursor of an earlier one. Raise as
        `tag` does, and RevocationsIncomplete for a list of more than MAX_LISTED_ENTRIES."""
        self.tag()
        since = None if cursor is None else self._ended.marks.position(cursor)
        if since not in self._lists and len(self._lists) >= MAX_LISTS_PER_STATE:
            since = None
        listing = self._lists.get(since)
        if listing is None or (listing.done() and listing.exception() is not None):
            listing = self._lists[since] = asyncio.ensure_future(self._signed(since))
        return await asyncio.shield(listing)

    def has_room(self, address: str | None) -> bool:
        """Return whether a request of this address may wait for a new list; None stands for a registered service."""
        if self._stopped or len(self._waiting) >= MAX_WAITING:
            return False
        if address is None:
            return True
        addresses = [each for each in self._waiting.values() if each is not None]
        return len(addresses) < MAX_WAITING - KEPT_FOR_SERVICES and addresses.count(address) < MAX_WAITING_PER_ADDRESS

    @property
    def waiting(self) -> int:
        """The number of requests that wait."""
        return len(self._waiting)

    async def changed(self, tag: str, seconds: float, address: str | None) -> None:
        """Return when the present state has another tag.

        Return after so many seconds, when the service stops, and at once if there is no room to wait. Raise as `tag`
        does.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds if self.has_room(address) else 0) as timeout:
                self._waiting[timeout] = address
                try:
                    while self.tag() == tag:
                        await self._change()
                finally:
                    del self._waiting[timeout]

    def stop(self) -> None:
        """Answer all waiting requests now, and let no other one wait."""
        self._stopped = True
        for timeout in self._waiting:
            timeout.reschedule(0)

    async def _change(self) -> None:
        """Return when the state may have changed."""
        period = PERIOD.total_seconds()
        with suppress(TimeoutError):
            async with asyncio.timeout(period - self._clock.now().timestamp() % period):
                await self._ended.changed_since(self._generation)
                await asyncio.sleep(self._pauses_until - self._clock.monotonic())

    async def _signed(self, since: Position | None) -> RevocationList:
        tag, now, began = self._tag, self._clock.now(), self._clock.monotonic()
        is_listable = self._ended.number <= MAX_LISTED_ENTRIES
        limit = MAX_NEW_ENTRIES if is_listable else MAX_LISTED_ENTRIES
        ends = self._ended.all() if since is None else self._ended.since(since, limit)
        if ends is None:
            return await self.list()
        if len(ends) > MAX_LISTED_ENTRIES:
            raise RevocationsIncomplete(cause="too_many_ends_for_a_list")
        if len(ends) > MAX_ENTRIES_ON_THE_LOOP:
            signed = await asyncio.to_thread(self._signer.sign, ends, now, now + LIFETIME)
        else:
            signed = self._signer.sign(ends, now, now + LIFETIME)
        done = self._clock.monotonic()
        self._pauses_until = max(self._pauses_until, done) + PAUSE_FACTOR * (done - began)
        return RevocationList(signed=signed, tag=tag)
