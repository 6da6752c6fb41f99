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

LIFE = timedelta(minutes=5)
"""How long a list that nobody renews may be relied upon."""

PERIOD = LIFE / 2
"""A list is signed anew at the beginning of each; they begin at the same moments on all nodes."""

MOST_WAITING = 256
"""At once, in one process."""

PAUSE = 2
"""Times as long as a list took to make, no new one is made for the sake of further ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """Everybody's to read. `tag` is the same on all nodes that list the same in the same period by the same key."""

    signed: bytes = field(repr=False)
    tag: str


@final
class PublishRevocations:
    """The signed list of what ended while its access tokens may be about, for services that verify them by themselves.

    Made when it is asked for and something changed; all that ask in between get the same bytes.
    """

    def __init__(self, ended: EndedSessions, signer: RevocationSigner, clock: Clock) -> None:
        self._ended = ended
        self._signer = signer
        self._clock = clock
        self._list: RevocationList | None = None
        self._generation = -1
        self._signature: tuple[str, int] | None = None
        """The key, and the period, in which it was made."""
        self._rests_until = clock.monotonic()
        self._waiting: set[asyncio.Timeout] = set()
        self._stopped = False

    def __call__(self) -> RevocationList:
        """Raise RevocationsIncomplete while there may be ends that this node has not heard of, and StorageUnavailable
        before it knows a key."""
        if not self._ended.complete:
            raise RevocationsIncomplete
        now = self._clock.now()
        signature = self._signer.kid(now), int(now.timestamp() / PERIOD.total_seconds())
        if self._list is None or signature != self._signature:
            return self._made(*signature)
        if self._ended.generation == self._generation or self._clock.monotonic() < self._rests_until:
            return self._list
        return self._made(*signature)

    @property
    def has_room(self) -> bool:
        """False when so many wait for news that nobody else should."""
        return not self._stopped and len(self._waiting) < MOST_WAITING

    async def after(self, tag: str, seconds: float) -> RevocationList:
        """The list as soon as it is another than that of the tag; the same after so many seconds, when the service is
        told to stop, or at once where there is no room. Refuses as above."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds if self.has_room else 0) as patience:
                self._waiting.add(patience)
                try:
                    while self().tag == tag:
                        await self._news()
                finally:
                    self._waiting.discard(patience)
        return self()

    def stop(self) -> None:
        """Nobody is kept waiting from now on."""
        self._stopped = True
        for patience in self._waiting:
            patience.reschedule(0)

    async def _news(self) -> None:
        """Return when the list may have to be made anew."""
        period = PERIOD.total_seconds()
        with suppress(TimeoutError):
            async with asyncio.timeout(period - self._clock.now().timestamp() % period):
                await self._ended.changed_since(self._generation)
                await asyncio.sleep(self._rests_until - self._clock.monotonic())

    def _made(self, kid: str, period: int) -> RevocationList:
        began = self._clock.monotonic()
        sessions, accounts, now = self._ended.sessions, self._ended.accounts, self._clock.now()
        ended = sorted(session_id.int for session_id, _ in sessions)
        raised = sorted((user_id.int, epoch) for user_id, epoch, _ in accounts)
        tag = sha256(repr((kid, period, ended, raised)).encode()).hexdigest()[:32]
        self._generation, self._signature = self._ended.generation, (kid, period)
        if self._list is None or self._list.tag != tag:  # the same ends are heard of more than once
            self._list = RevocationList(signed=self._signer.sign(sessions, accounts, now, now + LIFE), tag=tag)
        done = self._clock.monotonic()
        self._rests_until = done + PAUSE * (done - began)
        return self._list
