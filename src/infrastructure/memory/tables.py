from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from doorward.domain.access.role import Role, RoleName
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import SequencedChange
from doorward.domain.ids import SessionId, UserId
from doorward.domain.keys.signing_key import SigningKey
from doorward.domain.services.service import Service, ServiceId
from doorward.domain.sessions.session import Session


@dataclass(slots=True)
class Tables:
    """Everything stored; entities are frozen, so copying the containers is copying it all."""

    users: dict[UserId, User] = field(default_factory=dict)
    roles: dict[RoleName, Role] = field(default_factory=dict)
    sessions: dict[SessionId, Session] = field(default_factory=dict)
    services: dict[ServiceId, Service] = field(default_factory=dict)
    leases: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    keys: dict[str, SigningKey] = field(default_factory=dict)
    changes: list[SequencedChange] = field(default_factory=list)
    next_sequence: int = 1

    def copied(self) -> Self:
        return replace(
            self,
            users=dict(self.users),
            roles=dict(self.roles),
            sessions=dict(self.sessions),
            services=dict(self.services),
            leases=dict(self.leases),
            keys=dict(self.keys),
            changes=list(self.changes),
        )

    def forget_sessions(self, user_id: UserId) -> int:
        """All of an account; how many."""
        own = [session_id for session_id, session in self.sessions.items() if session.user_id == user_id]
        for session_id in own:
            del self.sessions[session_id]
        return len(own)
