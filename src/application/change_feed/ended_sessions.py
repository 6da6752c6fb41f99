import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import final
from uuid import UUID

from doorward.application.change_feed.ended_entry import Entry, found_anew, moved_if_unread, newest
from doorward.application.change_feed.feed_marks import FeedMarks
from doorward.application.ports.clock import Clock
from doorward.application.ports.storage import Storage
from doorward.domain.access.principal import MAX_ACCESS_TOKEN_LIFETIME, AccessToken
from doorward.domain.change_feed.change import Change, SequencedChange, Subject
from doorward.domain.change_feed.ends import Ends
from doorward.domain.ids import SessionId, UserId

MAX_CLOCK_DIFFERENCE = timedelta(minutes=1)
"""An end is kept for this time beyond the lifetime of an access token, since the clocks of nodes differ."""

RETENTION = MAX_ACCESS_TOKEN_LIFETIME + MAX_CLOCK_DIFFERENCE
"""How long an end is kept, where access tokens have the usual lifetime: until none of the session is left."""

STALE_AFTER_SECONDS = 5.0
"""The time since the last read of the feed after which this node cannot know what other nodes ended."""

CLEANUP_INTERVAL_SECONDS = 10.0

MAX_ENTRIES = 100_000
"""Beyond this number the database is queried for every request until the oldest entries have expired."""

UNCERTAIN_SECONDS = 60.0
"""How long the database is queried about an end whose commit had an unknown outcome. By then the feed has reported the
end, or it never will."""


NO_CURSOR = "0"
"""The cursor of a list while the feed is empty or was not read yet. A client that sends it gets the whole list."""

MANY_OF_ONE_ACCOUNT = 500
"""The number of ended sessions of one account from which on its next sign-in replaces them by an epoch."""


@final
class EndedSessions:
    """The sessions that ended while access tokens of them may still be valid, and the accounts whose tokens of an
    earlier epoch are revoked. The change feed reports them, so that a request needs no database query.

    This node queries the database for every request if it has not read the feed for STALE_AFTER_SECONDS, or if it has
    more entries than `max_entries`. It queries it about a single session if the outcome of an end is uncertain.
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
        self._sessions: dict[SessionId, Entry] = {}
        self._accounts: dict[UserId, Entry] = {}
        self._of_account: defaultdict[UserId, set[SessionId]] = defaultdict(set)
        """The keys of `_sessions`, by account."""
        self._uncertain: dict[SessionId | UserId, float] = {}
        """The monotonic time until which the database is queried about each."""
        self.max_entries = max_entries
        self.retention = token_lifetime + MAX_CLOCK_DIFFERENCE
        self._caught_up_at: float | None = None
        self._overfull_until: float | None = None
        self._cleaned_up_at = clock.monotonic()
        self._changed = asyncio.Event()
        self.generation = 0
        """Grows with every end that is added or removed."""
        self.digest = 0
        """A sum of hashes. Nodes that know the same ends have the same one."""
        self._position = self._read_to = 0
        self._unread_sessions: list[SessionId] = []
        self._unread_accounts: list[UserId] = []
        storage.on_commit(self.apply)

    def has_ended(self, token: AccessToken) -> bool | None:
        """Return whether the session of the token has ended; None when the database must be queried."""
        if self._sessions and token.session_id in self._sessions:  # hashing an id costs more than testing for empty
            return True
        ended = self._accounts.get(token.subject) if self._accounts else None
        if ended is not None and token.epoch < ended.epoch:
            return True
        if self._uncertain and (token.session_id in self._uncertain or token.subject in self._uncertain):
            return None
        return False if self.complete else None

    def are_many_of(self, user_id: UserId) -> bool:
        """Return whether an epoch of the account should take the place of its ended sessions here."""
        return len(self._of_account.get(user_id, ())) >= MANY_OF_ONE_ACCOUNT

    async def query(self, token: AccessToken) -> bool:
        """Return whether the session of the token has ended, read from the database. Raise StorageUnavailable."""
        async with self._storage.reading() as reading:
            return await reading.sessions.get(token.session_id) is None

    def all(self) -> Ends:
        """Return every end that is known here.

        The lists are copied in one step each, without a new object for an entry. With so many new objects, Python would
        look for garbage among all that it has, each time.
        """
        return Ends([*self._sessions.values()], [*self._accounts.values()], self._cursor)

    def since(self, position: int, limit: int) -> Ends | None:
        """Return what somebody may not know who has the ends of this position, on whichever node they got them.

        Return None if there are more than `limit`, or if this node has not read as far. An end is left out if it was
        read here when the last number of the feed was lower than `position`: whoever has that position read later.
        """
        since = self.marks.cursor(position)
        if since is None or position > self._read_to:
            return None
        sessions = newest(self._sessions, position, limit)
        accounts = newest(self._accounts, position, limit)
        if sessions is None or accounts is None:
            return None
        return Ends(sessions, accounts, self._cursor, since)

    @property
    def _cursor(self) -> str:
        return self.marks.cursor(self._position) or NO_CURSOR

    @property
    def complete(self) -> bool:
        """Whether every end is known here; False when the feed was not read recently or there are too many ends."""
        caught_up_at = self._caught_up_at
        if caught_up_at is None or self._overfull_until is not None:
            return False
        return self._monotonic() - caught_up_at <= STALE_AFTER_SECONDS

    async def changed_since(self, generation: int) -> None:
        """Wait until the generation differs from the given one."""
        while self.generation == generation:
            await self._changed.wait()

    def apply(self, changes: Sequence[Change], found_at: int | None = None) -> None:
        """Add the ends that were announced just now. `found_at` is the last number of the feed that they were read
        from; None means that this node has committed them."""
        for change in changes:
            if change.epoch is not None and change.user_id is not None and change.certain:
                self._remove_covered(change.user_id, change.epoch)
            self._add(change, self.retention, found_at)
        if found_at is not None:
            self._keep_unread_newest()

    def load(self, changes: Sequence[SequencedChange], found_at: int = 0) -> None:
        """Add the ends that the feed contained when this node began to read it. More than `max_entries` changes mean
        that there are others besides.

        The position of this node begins anew, because the feed may be another one than before. Ends that are known
        already count as found now.
        """
        self._position = self._read_to = 0
        self._sessions = found_anew(self._sessions, found_at)
        self._accounts = found_anew(self._accounts, found_at)
        now = self._clock.now()
        for row in changes:
            self._add(row.change, min(row.at + self.retention - now, self.retention), found_at)
        if len(changes) > self.max_entries:
            self._overfull_until = self._clock.monotonic() + self.retention.total_seconds()

    def mark_caught_up(self, since: float, read_to: int = 0) -> None:
        """Record that the feed was read to its end, whose number is `read_to`: all that was announced before the
        monotonic time `since` is known.

        The position of this node is the end of the read before. Some statements of this read may have been answered
        before its last number was readable, but none before that of the read before.
        """
        self._caught_up_at = since
        self._position, self._read_to = min(self._read_to, read_to), read_to
        if since - self._cleaned_up_at >= CLEANUP_INTERVAL_SECONDS:
            self._cleaned_up_at = since
            self._remove_expired(self._clock.monotonic())

    def _remove_expired(self, now: float) -> None:
        if self._overfull_until is not None and self._overfull_until <= now:
            self._overfull_until = None
        for settled in [uncertain for uncertain, until in self._uncertain.items() if until <= now]:
            del self._uncertain[settled]
        sessions = [session_id for session_id, entry in self._sessions.items() if entry.expires_at <= now]
        accounts = [user_id for user_id, entry in self._accounts.items() if entry.expires_at <= now]
        for session_id in sessions:
            self._remove(session_id)
        for user_id in accounts:
            self.digest -= digest_of(user_id, self._accounts.pop(user_id).epoch)
        if sessions or accounts:
            self._notify()

    def _remove_covered(self, user_id: UserId, epoch: int) -> None:
        """Remove the ended sessions of the account whose tokens are revoked by its new epoch as well.

        These are the ones that this node knew when it last read the feed. The epoch began later, because otherwise this
        node would have read of it then; so no token of theirs has the epoch. An epoch that is reported once more says
        nothing about the sessions that ended meanwhile.
        """
        known = self._accounts.get(user_id)
        if self._caught_up_at is None or (known is not None and known.epoch >= epoch):
            return
        for session_id in list(self._of_account.get(user_id, ())):
            if self._sessions[session_id].added_at <= self._caught_up_at:
                self._remove(session_id)

    def _remove(self, session_id: SessionId) -> None:
        user_id = self._sessions.pop(session_id).user_id
        self.digest -= digest_of(session_id)
        self._of_account[user_id].discard(session_id)
        if not self._of_account[user_id]:
            del self._of_account[user_id]

    def _add(self, change: Change, retention: timedelta, found_at: int | None) -> None:
        if change.subject is not Subject.SESSIONS or change.user_id is None:
            return
        now = self._clock.monotonic()
        expires_at = now + retention.total_seconds()
        if not change.certain:
            self._uncertain[change.session_id or change.user_id] = now + UNCERTAIN_SECONDS
            return
        if len(self._sessions) + len(self._accounts) >= self.max_entries:
            self._overfull_until = max(expires_at, self._overfull_until or expires_at)
            return
        until = self._clock.now() + retention
        entry = Entry(change.session_id, change.user_id, until, now, expires_at, change.epoch or 0, found_at)
        if change.session_id is not None:
            self._put_session(change.session_id, entry)
        else:
            self._put_account(change.user_id, entry)
        self._notify()

    def _keep_unread_newest(self) -> None:
        """Move the ends that this node has committed and not read yet behind those that it has read."""
        self._unread_sessions = [key for key in self._unread_sessions if moved_if_unread(self._sessions, key)]
        self._unread_accounts = [key for key in self._unread_accounts if moved_if_unread(self._accounts, key)]

    def _put_session(self, session_id: SessionId, entry: Entry) -> None:
        """Add the end as the newest one, because `since` goes through the entries from the newest on."""
        if self._sessions.pop(session_id, None) is None:
            self.digest += digest_of(session_id)
        self._sessions[session_id] = entry
        if entry.found_at is None:
            self._unread_sessions.append(session_id)
        self._of_account[entry.user_id].add(session_id)

    def _put_account(self, user_id: UserId, entry: Entry) -> None:
        known = self._accounts.pop(user_id, None)
        if known is not None:
            self.digest -= digest_of(user_id, known.epoch)
            entry = replace(entry, epoch=max(known.epoch, entry.epoch))
        self.digest += digest_of(user_id, entry.epoch)
        self._accounts[user_id] = entry
        if entry.found_at is None:
            self._unread_accounts.append(user_id)

    def _notify(self) -> None:
        self.generation += 1
        self._changed.set()
        self._changed = asyncio.Event()


def digest_of(identifier: UUID, epoch: int = 0) -> int:
    return int.from_bytes(sha256(identifier.bytes + epoch.to_bytes(8)).digest())
