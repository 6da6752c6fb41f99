from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import SessionId, UserId
from doorward.domain.sessions.refresh_token import RefreshTokenHash
from doorward.domain.sessions.session import Session, SessionPolicy
from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemorySessions:
    tables: Tables
    announce: Callable[[Change], None]

    async def get(self, session_id: SessionId) -> Session | None:
        return self.tables.sessions.get(session_id)

    async def lock(self, session_id: SessionId) -> Session | None:
        """Return the session; the storage runs one transaction at a time, so it needs no lock."""
        return self.tables.sessions.get(session_id)

    async def with_user(self, session_id: SessionId) -> tuple[Session, User] | None:
        session = self.tables.sessions.get(session_id)
        return None if session is None else (session, self.tables.users[session.user_id])

    async def of_user(self, user_id: UserId) -> Sequence[Session]:
        own = [session for session in self.tables.sessions.values() if session.user_id == user_id]
        return sorted(own, key=lambda session: (session.started_at, session.id), reverse=True)

    async def add(self, session: Session) -> None:
        if session.user_id not in self.tables.users:
            raise AccountMissing
        self.tables.sessions[session.id] = session

    async def rotate(
        self,
        session_id: SessionId,
        presented: RefreshTokenHash,
        successor: RefreshTokenHash,
        policy: SessionPolicy,
        now: datetime,
    ) -> bool:
        session = self.tables.sessions.get(session_id)
        if session is None or session.token_hash != presented or session.is_over(policy, now):
            return False
        self.tables.sessions[session_id] = session.rotated(successor, now)
        return True

    async def keep_token(
        self, session_id: SessionId, presented: RefreshTokenHash, policy: SessionPolicy, now: datetime
    ) -> bool:
        session = self.tables.sessions.get(session_id)
        if session is None or session.token_hash != presented or session.is_over(policy, now):
            return False
        if session.has_ever_rotated:
            return False
        self.tables.sessions[session_id] = session.token_kept(now)
        return True

    async def end(self, sessions: Sequence[Session]) -> int:
        present = [session for session in sessions if session.id in self.tables.sessions]
        for session in present:
            self.announce(Change.session_ended(session.user_id, session.id))
            del self.tables.sessions[session.id]
        return len(present)

    async def end_all(self, user_id: UserId, epoch: int) -> int:
        self.announce(Change.sessions_ended(user_id, epoch))
        return self.tables.remove_sessions(user_id)

    async def revoke_tokens(self, user_id: UserId, epoch: int) -> None:
        self.announce(Change.sessions_ended(user_id, epoch))

    async def prune(self, unused_since: datetime, limit: int) -> int:
        unused = [session for session in self.tables.sessions.values() if session.last_used_at < unused_since][:limit]
        for session in unused:
            del self.tables.sessions[session.id]
        return len(unused)
