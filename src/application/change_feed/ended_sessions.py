import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import final

from doorward.application.change_feed.cursor import MAX_DATABASE_CLOCK_DIFFERENCE
from doorward.application.change_feed.end_slice import EndSlice, ListedAccounts, ListedSessions
from doorward.application.change_feed.feed_marks import START, FeedMarks, Position
from doorward.application.change_feed.known_ends import KnownEnds
from doorward.application.ports.clock import Clock
from doorward.application.ports.storage import Storage
from doorward.domain.access.principal import MAX_ACCESS_TOKEN_LIFETIME, AccessToken
from doorward.domain.change_feed.change import Change, SequencedChange, Subject
from doorward.domain.change_feed.ends import Ends
from doorward.domain.ids import UserId

MAX_CLOCK_DIFFERENCE = timedelta(minutes=1)
"""An end is kept for this time beyond the lifetime of an access token, since the clocks of nodes differ."""

RETENTION = MAX_ACCESS_TOKEN_LIFETIME + MAX_CLOCK_DIFFERENCE
"""How long an end is kept, where access tokens have the usual lifetime: until none of the session is left."""

STALE_AFTER_SECONDS = 5.0
"""The time since the last read of the feed after which this node cannot know what other nodes ended."""

CLEANUP_INTERVAL_SECONDS = 10.0

MAX_ENTRIES = 2_000_000
"""Beyond this number the database is queried for every request until the oldest entries have expired. It is enough for
2,000 ends a second that are kept for 16 minutes, and takes 0.4 to 0.6 GB then."""

UNCERTAIN_SECONDS = 60.0
"""How long the database is queried about an end whose commit had an unknown outcome. By then the feed has reported the
end, or it never will."""

NO_CURSOR = "0"
"""The cursor of a list while the feed is empty or was not read yet. A client that sends it gets the whole list."""

MANY_OF_ONE_ACCOUNT = 500
"""The number of ended sessions of one account from which on its next sign-in replaces them by an epoch."""

LOADED_SLICE = timedelta(seconds=1)
"""Ends that were announced within this time are kept as long as the last of them."""


@final
class EndedSessions:
    """The sessions that ended while access tokens of them may still be valid, and the accounts whose tokens of an
    earlier epoch are revoked. The change feed reports them, so that a request needs no database query.

    This node queries the database for every request if it has not read the feed for STALE_AFTER_SECONDS, while it loads
    what ended before it started, and if there are more ends than `max_entries`. It queries it about a single session if
    the outcome of an end is uncertain.
    """

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        marks: FeedMarks,
        max_entries: int = MAX_ENTRIES,
        token_lifetime: timedelta = MAX_ACCESS_TOKEN_LIFETIME,
    ) -> None:
        """`token_lifetime` is the longest one of the access tokens that this service issues or has issued."""
        self._storage = storage
        self.marks = marks
        """`ChangeFollower` adds to it what it reads, and `RevocationPublisher` reads the cursors of clients by it."""
        self._clock = clock
        self._monotonic = clock.monotonic
        self._known = KnownEnds()
        self._sessions, self._accounts = self._known.sessions, self._known.accounts
        self._uncertain: dict[int, float] = {}
        """The monotonic time until which the database is queried about each session or account."""
        self.max_entries = max_entries
        self.retention = token_lifetime + MAX_CLOCK_DIFFERENCE
        self._caught_up_at: float | None = None
        self._is_loading = False
        self._overfull_until: float | None = None
        self._cleaned_up_at = clock.monotonic()
        self._changed = asyncio.Event()
        self.generation = 0
        """Grows when ends are added or removed."""
        self._position = self._read_to = START
        self._slice: EndSlice | None = None
        """The slice to which ends are added that this node commits, until the next read of the feed."""
        storage.on_commit(self.apply)

    def has_ended(self, token: AccessToken) -> bool | None:
        """Return whether the session of the token has ended; None when the database must be queried."""
        if self._sessions and token.session_id.int in self._sessions:
            return True
        if self._accounts and token.epoch < self._known.epoch_of(token.subject.int):
            return True
        if self._uncertain and (token.session_id.int in self._uncertain or token.subject.int in self._uncertain):
            return None
        return False if self.complete else None

    def are_many_of(self, user_id: UserId) -> bool:
        """Return whether an epoch of the account should take the place of its ended sessions here."""
        return self._known.number_of(user_id) >= MANY_OF_ONE_ACCOUNT

    async def query(self, token: AccessToken) -> bool:
        """Return whether the session of the token has ended, read from the database. Raise StorageUnavailable."""
        async with self._storage.reading() as reading:
            return await reading.sessions.get(token.session_id) is None

    @property
    def number(self) -> int:
        """How many ends are known here."""
        return len(self._known)

    @property
    def digest(self) -> int:
        """A sum of hashes. Nodes that know the same ends have the same one."""
        return self._known.digest

    def all(self) -> Ends:
        """Return every end that is known here."""
        slices = self._known.all()
        return Ends(ListedSessions(slices), ListedAccounts(slices), self._cursor)

    def since(self, position: Position, limit: int) -> Ends | None:
        """Return what somebody may not know who has the ends of this position, on whichever node they got them.

        Return None if there are more than `limit`, or if this node has not read as far. An end is left out if it was
        read here when the newest change of the feed was older than `position`: whoever has that position read later.
        """
        since = self.marks.cursor(position)
        if since is None or position > self._read_to:
            return None
        slices = self._known.since(position.at, limit)
        return None if slices is None else Ends(ListedSessions(slices), ListedAccounts(slices), self._cursor, since)

    @property
    def _cursor(self) -> str:
        return self.marks.cursor(self._position) or NO_CURSOR

    @property
    def complete(self) -> bool:
        """Whether every end is known here; False when the feed was not read recently or there are too many ends."""
        caught_up_at = self._caught_up_at
        if caught_up_at is None or self._is_loading or self._overfull_until is not None:
            return False
        return self._monotonic() - caught_up_at <= STALE_AFTER_SECONDS

    async def changed_since(self, generation: int) -> None:
        """Wait until the generation differs from the given one."""
        while self.generation == generation:
            await self._changed.wait()

    def apply(self, changes: Sequence[Change], found_at: Position | None = None) -> None:
        """Add the ends that were announced just now. `found_at` is a position of the feed that was read after they were
        found there; None means that this node has committed them."""
        ends = [change for change in changes if change.subject is Subject.SESSIONS]
        if not ends:
            return
        piece = self._own_slice() if found_at is None else self._new_slice(self.retention, found_at.at)
        added = [self._add(end, piece) for end in ends]
        if any(added):
            self._notify()

    def start(self, position: Position) -> None:
        """Begin to load the ends that the feed contains, whose newest change is at `position`.

        The position of this node begins anew, because the feed may be another one than before. Ends that are known
        already count as found now.
        """
        self._is_loading = True
        self._position = self._read_to = START
        self._slice = None
        self._known.find_anew(position.at)

    def load(self, rows: Sequence[SequencedChange], found_at: Position = START) -> None:
        """Add ends that the feed contained when this node began to read it, in the order in which they were
        announced."""
        now, piece, began = self._clock.now(), None, None
        for row in rows:
            retention = min(row.at + self.retention - now, self.retention)
            if piece is None or began is None or row.at - began > LOADED_SLICE:
                piece, began = self._new_slice(retention, found_at.at), row.at
            self._extend(piece, retention)
            piece.announced_at = row.at
            if row.change.epoch is not None and row.change.user_id is not None:
                self._remove_announced_before(row.change.user_id, row.at)
            self._add(row.change, piece)
        self._notify()

    def finish_loading(self) -> None:
        """Record that all ends were loaded."""
        self._is_loading = False

    def mark_caught_up(self, since: float, read_to: Position = START) -> None:
        """Record that the feed was read to `read_to`: all that was announced before the monotonic time `since` is
        known.

        The position of this node is that of the read before. Some statements of this read may have been answered
        before its position was readable, but none before that of the read before.
        """
        self._caught_up_at = since
        self._position, self._read_to = min(self._read_to, read_to), read_to
        self._slice = None
        if since - self._cleaned_up_at >= CLEANUP_INTERVAL_SECONDS:
            self._cleaned_up_at = since
            self._remove_expired(self._clock.monotonic())

    def _remove_expired(self, now: float) -> None:
        if self._overfull_until is not None and self._overfull_until <= now:
            self._overfull_until = None
        for settled in [uncertain for uncertain, until in self._uncertain.items() if until <= now]:
            del self._uncertain[settled]
        if self._known.remove_expired(now):
            self._notify()

    def _remove_covered(self, user_id: UserId, epoch: int) -> None:
        """Remove the ended sessions of the account whose tokens are revoked by its new epoch as well.

        These are the ones that this node knew when it last read the feed. The epoch began later, because otherwise this
        node would have read of it then; so no token of theirs has the epoch. An epoch that is reported once more says
        nothing about the sessions that ended meanwhile.
        """
        caught_up_at = self._caught_up_at
        if caught_up_at is None or self._is_loading or self._known.epoch_of(user_id.int) >= epoch:
            return
        self._known.remove_sessions(user_id.int, lambda piece: piece.added_at <= caught_up_at)

    def _remove_announced_before(self, user_id: UserId, at: datetime) -> None:
        """Remove the loaded sessions of the account that ended before an epoch was announced at that time, whichever
        database servers dated both."""
        earlier = at - MAX_DATABASE_CLOCK_DIFFERENCE
        self._known.remove_sessions(
            user_id.int, lambda piece: piece.announced_at is not None and piece.announced_at < earlier
        )

    def _add(self, change: Change, piece: EndSlice) -> bool:
        """Add the end to the slice, and return whether it was unknown."""
        if change.subject is not Subject.SESSIONS or change.user_id is None:
            return False
        if not change.certain:
            uncertain = change.session_id or change.user_id
            self._uncertain[uncertain.int] = self._clock.monotonic() + UNCERTAIN_SECONDS
            return False
        if change.epoch is not None:
            self._remove_covered(change.user_id, change.epoch)
        if len(self._known) >= self.max_entries:
            self._overfull_until = max(piece.expires_at, self._overfull_until or piece.expires_at)
            return False
        if change.session_id is not None:
            return self._known.put_session(change.session_id.int, change.user_id.int, piece)
        return self._known.put_account(change.user_id.int, change.epoch or 0, piece)

    def _own_slice(self) -> EndSlice:
        """Return the slice to which ends are added that this node commits."""
        if self._slice is None:
            self._slice = self._new_slice(self.retention, None)
        self._extend(self._slice, self.retention)
        return self._slice

    def _new_slice(self, retention: timedelta, found_at: int | None) -> EndSlice:
        now = self._clock.monotonic()
        piece = EndSlice(found_at, self._clock.now() + retention, now, now + retention.total_seconds())
        self._known.add_slice(piece)
        return piece

    def _extend(self, piece: EndSlice, retention: timedelta) -> None:
        """Keep the slice for that time from now on, or for longer."""
        piece.added_at = self._clock.monotonic()
        piece.until = max(piece.until, self._clock.now() + retention)
        piece.expires_at = max(piece.expires_at, piece.added_at + retention.total_seconds())

    def _notify(self) -> None:
        self.generation += 1
        self._changed.set()
        self._changed = asyncio.Event()
