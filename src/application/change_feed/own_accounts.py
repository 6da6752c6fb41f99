from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.change_feed.recent_reads import MAX_VALUES, RecentReads
from doorward.application.ports.clock import Clock
from doorward.application.ports.storage import Storage
from doorward.domain.accounts.profile import Profile
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.ids import SessionId, UserId
from doorward.domain.sessions.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    user: User
    profile: Profile | None


@final
class OwnAccounts:
    """The accounts and the sessions that people looked at a short time ago, so that they can look again without a
    query. A change of an account counts here as soon as the change feed reports it.

    The latest use of a session is not in the feed, so it may be as old as MAX_AGE_SECONDS.
    """

    def __init__(self, storage: Storage, clock: Clock, max_values: int = MAX_VALUES) -> None:
        self._storage = storage
        self._accounts = RecentReads(self._read_account, clock, max_values, storage.distrusts_reads)
        self._sessions = RecentReads(self._read_session, clock, max_values, storage.distrusts_reads)
        storage.on_commit(self.apply)

    async def account(self, user_id: UserId) -> OwnAccount | None:
        """Return the account with its profile, or None if there is none. Raise StorageUnavailable."""
        return await self._accounts.get(user_id)

    async def session(self, session_id: SessionId) -> Session | None:
        """Return the session, or None if there is none. Raise StorageUnavailable."""
        return await self._sessions.get(session_id)

    def apply(self, changes: Sequence[Change]) -> None:
        """Drop the accounts that changed and the sessions that ended."""
        for change in changes:
            if change.subject is Subject.ROLES:
                self._accounts.clear()
            if change.user_id is not None:
                self._accounts.drop(change.user_id)
            if change.session_id is not None:
                self._sessions.drop(change.session_id)

    def clear(self) -> None:
        """Drop everything, as after a start."""
        self._accounts.clear()
        self._sessions.clear()

    async def _read_account(self, user_id: UserId) -> OwnAccount | None:
        async with self._storage.reading() as reading:
            user = await reading.users.get(user_id)
            return None if user is None else OwnAccount(user=user, profile=await reading.profiles.of_user(user_id))

    async def _read_session(self, session_id: SessionId) -> Session | None:
        async with self._storage.reading() as reading:
            return await reading.sessions.get(session_id)
