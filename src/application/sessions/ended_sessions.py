import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import final

from application.ports.clock import Clock
from application.ports.storage import Storage
from domain.access.change import Change, SequencedChange, Subject
from domain.access.principal import AccessToken
from domain.ids import SessionId, UserId

REMEMBERED = timedelta(minutes=16)
"""The longest life of an access token, and a minute for clocks that differ: no token of an ended session is left."""

DEAF_AFTER = 5.0
"""Seconds without a look at the feed after which this node cannot know what others ended."""

TIDY_EVERY = 10.0
"""Seconds."""

MOST = 100_000
"""Entries; beyond that the database is asked until the oldest are forgotten."""


@final
class EndedSessions:
    """What ended while access tokens of it may be about: sessions, and all of an account before some epoch. Heard of by
    the change feed, so that no request needs to ask the database.

    Only ends are kept here. A node that has not read the feed for five seconds, or has more ends to keep than it has
    room for, asks the database whether a session goes on, for every request.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._sessions: dict[SessionId, datetime] = {}
        self._accounts: dict[UserId, tuple[int, datetime]] = {}
        """Until when each is remembered; the oldest first."""
        self._listened_at: float | None = None
        self._overfull_until: datetime | None = None
        self._tidied_at = clock.monotonic()
        self._news = asyncio.Event()
        self.generation = 0
        """Grows with every end that is heard of or forgotten."""
        storage.on_commit(self.heard)

    def knows(self, token: AccessToken) -> bool | None:
        """Whether the token's session has ended; None when the database must be asked."""
        if token.session_id in self._sessions:
            return True
        ended = self._accounts.get(token.subject)
        if ended is not None and token.epoch < ended[0]:
            return True
        listened_at = self._listened_at
        if listened_at is None or self._overfull_until is not None:
            return None
        return False if self._clock.monotonic() - listened_at <= DEAF_AFTER else None

    async def ask(self, token: AccessToken) -> bool:
        """What `knows` would say, by the database. Raise StorageUnavailable."""
        async with self._storage.reading() as reading:
            return await reading.sessions.get(token.session_id) is None

    @property
    def sessions(self) -> Sequence[tuple[SessionId, datetime]]:
        """Each with the time at which it may be forgotten."""
        return list(self._sessions.items())

    @property
    def accounts(self) -> Sequence[tuple[UserId, int, datetime]]:
        """Accounts whose tokens of an epoch before the given one must not be honoured, until when."""
        return [(user_id, epoch, until) for user_id, (epoch, until) in self._accounts.items()]

    @property
    def complete(self) -> bool:
        """False when there may be ends that are not here."""
        heard = self._listened_at is not None and self._clock.monotonic() - self._listened_at <= DEAF_AFTER
        return heard and self._overfull_until is None

    async def changed_since(self, generation: int) -> None:
        """Return when something changed after that generation."""
        while self.generation == generation:
            await self._news.wait()

    def heard(self, changes: Sequence[Change]) -> None:
        """What was announced just now."""
        until = self._clock.now() + REMEMBERED
        for change in changes:
            self._keep(change, until)

    def remember(self, changes: Sequence[SequencedChange]) -> None:
        """What the feed still told when this node began to listen."""
        for row in changes:
            self._keep(row.change, row.at + REMEMBERED)

    def listened(self) -> None:
        """The feed was read to its end just now."""
        self._listened_at = self._clock.monotonic()
        if self._listened_at - self._tidied_at >= TIDY_EVERY:
            self._tidied_at = self._listened_at
            self._forget(self._clock.now())

    def _forget(self, now: datetime) -> None:
        """What needs no remembering any more."""
        if self._overfull_until is not None and self._overfull_until <= now:
            self._overfull_until = None
        sessions = [session_id for session_id, until in self._sessions.items() if until <= now]
        accounts = [user_id for user_id, (_, until) in self._accounts.items() if until <= now]
        for session_id in sessions:
            del self._sessions[session_id]
        for user_id in accounts:
            del self._accounts[user_id]
        if sessions or accounts:
            self._changed()

    def _keep(self, change: Change, until: datetime) -> None:
        if change.subject is not Subject.SESSIONS or change.user_id is None:
            return
        if len(self._sessions) + len(self._accounts) >= MOST:
            self._overfull_until = max(until, self._overfull_until or until)
        elif change.session_id is not None:
            self._sessions[change.session_id] = until
        elif change.epoch is not None:
            known, _ = self._accounts.get(change.user_id, (0, until))
            self._accounts[change.user_id] = (max(known, change.epoch), until)
        self._changed()

    def _changed(self) -> None:
        self.generation += 1
        self._news.set()
        self._news = asyncio.Event()
