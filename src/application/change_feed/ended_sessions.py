import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import final

from doorward.application.ports.clock import Clock
from doorward.application.ports.storage import Storage
from doorward.domain.access.principal import LONGEST_LIFE, AccessToken
from doorward.domain.change_feed.change import Change, SequencedChange, Subject
from doorward.domain.ids import SessionId, UserId

REMEMBERED = LONGEST_LIFE + timedelta(minutes=1)
"""With a minute for clocks that differ: no token of an ended session is left."""

DEAF_AFTER = 5.0
"""Seconds without a look at the feed after which this node cannot know what others ended."""

TIDY_EVERY = 10.0
"""Seconds."""

MOST = 100_000
"""Entries; beyond that the database is asked until the oldest are forgotten."""

IN_DOUBT = 60.0
"""Seconds for which the database is asked about an end whose commit got no answer. By then the feed has told of it, or
never will."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`until` is what others are told; here it is forgotten by a clock that nobody sets."""

    until: datetime
    forget_at: float
    epoch: int = 0


@final
class EndedSessions:
    """What ended while access tokens of it may be about: sessions, and all of an account before some epoch. Heard of by
    the change feed, so that no request needs to ask the database.

    Only ends are kept here. A node that has not read the feed for five seconds, or has more ends to keep than it has
    room for, asks the database whether a session goes on, for every request; and about ends in doubt in any case.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._monotonic = clock.monotonic
        self._sessions: dict[SessionId, Entry] = {}
        self._accounts: dict[UserId, Entry] = {}
        self._doubts: dict[SessionId | UserId, float] = {}
        """Until when the database is asked about them."""
        self._listened_at: float | None = None
        self._overfull_until: float | None = None
        self._tidied_at = clock.monotonic()
        self._news = asyncio.Event()
        self.generation = 0
        """Grows with every end that is heard of or forgotten."""
        storage.on_commit(self.heard)

    def knows(self, token: AccessToken) -> bool | None:
        """Whether the token's session has ended; None when the database must be asked."""
        if self._sessions and token.session_id in self._sessions:  # to hash an id costs more than to look
            return True
        ended = self._accounts.get(token.subject) if self._accounts else None
        if ended is not None and token.epoch < ended.epoch:
            return True
        if self._doubts and (token.session_id in self._doubts or token.subject in self._doubts):
            return None
        return False if self.complete else None

    async def ask(self, token: AccessToken) -> bool:
        """What `knows` would say, by the database. Raise StorageUnavailable."""
        async with self._storage.reading() as reading:
            return await reading.sessions.get(token.session_id) is None

    @property
    def sessions(self) -> Sequence[tuple[SessionId, datetime]]:
        """Each with the time at which it may be forgotten."""
        return [(session_id, entry.until) for session_id, entry in self._sessions.items()]

    @property
    def accounts(self) -> Sequence[tuple[UserId, int, datetime]]:
        """Accounts whose tokens of an epoch before the given one must not be honoured, until when."""
        return [(user_id, entry.epoch, entry.until) for user_id, entry in self._accounts.items()]

    @property
    def complete(self) -> bool:
        """False when there may be ends that are not here."""
        listened_at = self._listened_at
        if listened_at is None or self._overfull_until is not None:
            return False
        return self._monotonic() - listened_at <= DEAF_AFTER

    async def changed_since(self, generation: int) -> None:
        """Return when something changed after that generation."""
        while self.generation == generation:
            await self._news.wait()

    def heard(self, changes: Sequence[Change]) -> None:
        """What was announced just now."""
        for change in changes:
            self._keep(change, REMEMBERED)

    def remember(self, changes: Sequence[SequencedChange]) -> None:
        """What the feed still told when this node began to listen; when there was more, MOST and one of it."""
        now = self._clock.now()
        for row in changes:
            self._keep(row.change, min(row.at + REMEMBERED - now, REMEMBERED))
        if len(changes) > MOST:
            self._overfull_until = self._clock.monotonic() + REMEMBERED.total_seconds()

    def listened(self, since: float) -> None:
        """The feed was read to its end; what was announced before `since`, of the monotonic clock, is known."""
        self._listened_at = since
        if since - self._tidied_at >= TIDY_EVERY:
            self._tidied_at = since
            self._forget(self._clock.monotonic())

    def _forget(self, now: float) -> None:
        """What needs no remembering any more."""
        if self._overfull_until is not None and self._overfull_until <= now:
            self._overfull_until = None
        for doubt in [doubt for doubt, until in self._doubts.items() if until <= now]:
            del self._doubts[doubt]
        sessions = [session_id for session_id, entry in self._sessions.items() if entry.forget_at <= now]
        accounts = [user_id for user_id, entry in self._accounts.items() if entry.forget_at <= now]
        for session_id in sessions:
            del self._sessions[session_id]
        for user_id in accounts:
            del self._accounts[user_id]
        if sessions or accounts:
            self._changed()

    def _keep(self, change: Change, how_long: timedelta) -> None:
        if change.subject is not Subject.SESSIONS or change.user_id is None:
            return
        forget_at = self._clock.monotonic() + how_long.total_seconds()
        if not change.certain:
            self._doubts[change.session_id or change.user_id] = self._clock.monotonic() + IN_DOUBT
            return
        if len(self._sessions) + len(self._accounts) >= MOST:
            self._overfull_until = max(forget_at, self._overfull_until or forget_at)
            return
        entry = Entry(self._clock.now() + how_long, forget_at, change.epoch or 0)
        if change.session_id is not None:
            self._sessions[change.session_id] = entry
        else:
            known = self._accounts.get(change.user_id, entry)
            self._accounts[change.user_id] = replace(entry, epoch=max(known.epoch, entry.epoch))
        self._changed()

    def _changed(self) -> None:
        self.generation += 1
        self._news.set()
        self._news = asyncio.Event()
