import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import final

from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import RevocationSigner
from doorward.domain.errors import RevocationsIncomplete

LIFETIME = timedelta(minutes=5)
"""How long a list is valid if it is not renewed."""

PERIOD = LIFETIME / 2
"""A list is signed again at the beginning of each period. Periods begin at the same moments on all nodes."""

MAX_WAITING = 256
"""The number of requests that one process lets wait for a new list."""

PAUSE_FACTOR = 2
"""The pause after a list was signed, as a multiple of the time that signing took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """A signed list that anybody may read. Nodes that list the same ends in the same period, by the same key, give it
    the same `tag`."""

    signed: bytes = field(repr=False)
    tag: str


@final
class RevocationPublisher:
    """Publishes the signed list of sessions and accounts whose access tokens must be refused, for services that verify
    tokens by themselves.

    A list is signed when it is requested and something has changed. All requests in between get the same bytes.
    """

    def __init__(self, ended: EndedSessions, signer: RevocationSigner, clock: Clock) -> None:
        self._ended = ended
        self._signer = signer
        self._clock = clock
        self._list: RevocationList | None = None
        self._generation = -1
        self._signature: tuple[str, int] | None = None
        """The key and the period of the present list."""
        self._pauses_until = clock.monotonic()
        self._waiting: set[asyncio.Timeout] = set()
        self._stopped = False

    def current(self) -> RevocationList:
        """Return the present list.

        Raise RevocationsIncomplete while this node may not know of every end, and StorageUnavailable while it has no
        signing key.
        """
        if not self._ended.complete:
            raise RevocationsIncomplete
        now = self._clock.now()
        signature = self._signer.kid(now), int(now.timestamp() / PERIOD.total_seconds())
        if self._list is None or signature != self._signature:
            return self._signed(*signature)
        if self._ended.generation == self._generation or self._clock.monotonic() < self._pauses_until:
            return self._list
        return self._signed(*signature)

    @property
    def has_room(self) -> bool:
        """Whether another request may wait for a new list."""
        return not self._stopped and len(self._waiting) < MAX_WAITING

    async def after(self, tag: str, seconds: float) -> RevocationList:
        """Wait for a list with another tag, and return it.

        Return the present list after so many seconds, when the service stops, and at once if there is no room to wait.
        Raise as `current` does.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds if self.has_room else 0) as timeout:
                self._waiting.add(timeout)
                try:
                    while self.current().tag == tag:
                        await self._change()
                finally:
                    self._waiting.discard(timeout)
        return self.current()

    def stop(self) -> None:
        """Answer all waiting requests now, and let no other one wait."""
        self._stopped = True
        for timeout in self._waiting:
            timeout.reschedule(0)

    async def _change(self) -> None:
        """Return when the list may have changed."""
        period = PERIOD.total_seconds()
        with suppress(TimeoutError):
            async with asyncio.timeout(period - self._clock.now().timestamp() % period):
                await self._ended.changed_since(self._generation)
                await asyncio.sleep(self._pauses_until - self._clock.monotonic())

    def _signed(self, kid: str, period: int) -> RevocationList:
        began = self._clock.monotonic()
        sessions, accounts, now = self._ended.sessions, self._ended.accounts, self._clock.now()
        ended = sorted(session_id.int for session_id, _ in sessions)
        raised = sorted((user_id.int, epoch) for user_id, epoch, _ in accounts)
        tag = sha256(repr((kid, period, ended, raised)).encode()).hexdigest()[:32]
        self._generation, self._signature = self._ended.generation, (kid, period)
        if self._list is None or self._list.tag != tag:  # the same end is reported more than once
            self._list = RevocationList(signed=self._signer.sign(sessions, accounts, now, now + LIFETIME), tag=tag)
        done = self._clock.monotonic()
        self._pauses_until = done + PAUSE_FACTOR * (done - began)
        return self._list
