"""Rules that select which sessions of an account end."""

from collections.abc import Iterable
from datetime import datetime

from doorward.domain.ids import SessionId
from doorward.domain.sessions.session import Session, SessionPolicy


def other_sessions(sessions: Iterable[Session], kept: SessionId) -> list[Session]:
    """Return all sessions but the one with the id `kept`."""
    return [session for session in sessions if session.id != kept]


def surplus_sessions(
    sessions: Iterable[Session], kept: SessionId, policy: SessionPolicy, now: datetime
) -> list[Session]:
    """Return the sessions of one account that end when the session `kept` opens.

    These are all sessions that have expired, and the oldest sign-ins beyond `policy.max_sessions`. The session `kept`
    counts towards the limit and is never returned, even if a wrong clock makes it the oldest.
    """
    others = sorted(other_sessions(sessions, kept), key=sign_in_order, reverse=True)
    remaining = [session for session in others if not session.is_over(policy, now)][: policy.max_sessions - 1]
    remaining_ids = {session.id for session in remaining}
    return [session for session in others if session.id not in remaining_ids]


def sign_in_order(session: Session) -> tuple[datetime, SessionId]:
    """Return the sort key that puts the earliest sign-in first."""
    return session.started_at, session.id
