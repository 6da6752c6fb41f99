import asyncio
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Self

from doorward.domain.access.role import BUILT_IN, Role, RoleName
from doorward.domain.accounts.attempts import AttemptCount, AttemptKey
from doorward.domain.accounts.invitation import Invitation
from doorward.domain.accounts.profile import Profile
from doorward.domain.accounts.sign_in_code import SignInCode
from doorward.domain.accounts.user import User
from doorward.domain.audit.sealed_entry import AuditStream, SealedEntry, StreamId
from doorward.domain.change_feed.change import SequencedChange
from doorward.domain.ids import InvitationId, LetterId, SessionId, UserId
from doorward.domain.keys.signing_key import SigningKey
from doorward.domain.letters.letter import Letter
from doorward.domain.letters.link_token import LinkPurpose, LinkToken
from doorward.domain.letters.undo_link import UndoLink
from doorward.domain.nodes.node import Node, NodeId
from doorward.domain.services.service import Service, ServiceId
from doorward.domain.sessions.session import Session

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""When the built-in roles were created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedNode:
    node: Node
    started_at: datetime
    reported_at: datetime


@dataclass(slots=True)
class Tables:
    """All stored data. The entities are frozen, so a copy of the containers is a copy of the data."""

    users: dict[UserId, User] = field(default_factory=dict)
    roles: dict[RoleName, Role] = field(default_factory=dict)
    sessions: dict[SessionId, Session] = field(default_factory=dict)
    services: dict[ServiceId, Service] = field(default_factory=dict)
    leases: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    attempts: dict[AttemptKey, AttemptCount] = field(default_factory=dict)
    keys: dict[str, SigningKey] = field(default_factory=dict)
    changes: list[SequencedChange] = field(default_factory=list)
    letters: dict[LetterId, Letter] = field(default_factory=dict)
    link_tokens: dict[tuple[UserId, LinkPurpose], LinkToken] = field(default_factory=dict)
    audit_streams: dict[StreamId, AuditStream] = field(default_factory=dict)
    audit_entries: list[SealedEntry] = field(default_factory=list)
    undo_links: dict[tuple[UserId, str], UndoLink] = field(default_factory=dict)
    sign_in_codes: dict[UserId, SignInCode] = field(default_factory=dict)
    adoptions: set[tuple[str, str]] = field(default_factory=set)
    known_agents: dict[UserId, list[str]] = field(default_factory=dict)
    profiles: dict[UserId, Profile] = field(default_factory=dict)
    invitations: dict[InvitationId, Invitation] = field(default_factory=dict)
    next_sequence: int = 1
    beat_at: datetime | None = None
    nodes: dict[NodeId, ReportedNode] = field(default_factory=dict)
    agreed_settings: dict[str, str] = field(default_factory=dict)

    @classmethod
    def initial(cls) -> Self:
        """Return tables that contain the built-in roles and nothing else."""
        return cls(roles={name: Role(name=name, created_at=EPOCH) for name in BUILT_IN})

    def copied(self) -> Self:
        return replace(
            self,
            users=dict(self.users),
            roles=dict(self.roles),
            sessions=dict(self.sessions),
            services=dict(self.services),
            leases=dict(self.leases),
            attempts=dict(self.attempts),
            keys=dict(self.keys),
            changes=list(self.changes),
            letters=dict(self.letters),
            link_tokens=dict(self.link_tokens),
            audit_streams=dict(self.audit_streams),
            audit_entries=list(self.audit_entries),
            undo_links=dict(self.undo_links),
            sign_in_codes=dict(self.sign_in_codes),
            adoptions=set(self.adoptions),
            known_agents=dict(self.known_agents),
            profiles=dict(self.profiles),
            invitations=dict(self.invitations),
            nodes=dict(self.nodes),
            agreed_settings=dict(self.agreed_settings),
        )

    def restore(self, earlier: Self) -> None:
        """Replace all data with those of a copy."""
        for each in fields(self):
            setattr(self, each.name, getattr(earlier, each.name))

    def remove_sessions(self, user_id: UserId) -> int:
        """Remove all sessions of the account, and return how many there were."""
        own = [session_id for session_id, session in self.sessions.items() if session.user_id == user_id]
        for session_id in own:
            del self.sessions[session_id]
        return len(own)

    def delete_audit_key(self, user_id: UserId) -> None:
        """Delete the key of what identifies the person in the audit log."""
        stream = self.audit_streams.get(StreamId(user_id))
        if stream is not None:
            self.audit_streams[stream.id] = replace(stream, key=None)

    def strip_account(self, user_id: UserId) -> None:
        """Remove all letters to the holder of the account, the tokens of their links, and its code."""
        self.letters = {key: letter for key, letter in self.letters.items() if letter.user_id != user_id}
        self.link_tokens = {key: token for key, token in self.link_tokens.items() if token.user_id != user_id}
        self.sign_in_codes.pop(user_id, None)

    def remove_account(self, user_id: UserId) -> None:
        """Remove the account with all that belongs to it."""
        self.remove_sessions(user_id)
        self.strip_account(user_id)
        self.undo_links = {key: link for key, link in self.undo_links.items() if link.user_id != user_id}
        self.known_agents.pop(user_id, None)
        self.profiles.pop(user_id, None)
        self.delete_audit_key(user_id)
        del self.users[user_id]


@dataclass(slots=True)
class MemoryDatabase:
    """The committed data, and the lock that a transaction holds. Storages that share a database act as several nodes;
    whoever changes `tables` directly acts as somebody who edits the database by hand."""

    tables: Tables = field(default_factory=Tables.initial)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
