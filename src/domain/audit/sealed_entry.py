"""The entries of the audit log as they are stored and chained."""

import json
from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, NewType, Self
from uuid import UUID

from doorward.domain.ids import MILLISECONDS_PER_SECOND, SessionId

StreamId = NewType("StreamId", UUID)
"""The id of an account, or SERVICE_STREAM."""

AuditEntryId = NewType("AuditEntryId", UUID)
"""Of version 7, so that ids grow with time, to the millisecond."""

SERVICE_STREAM: Final = StreamId(UUID(int=0))
"""The stream of what concerns no account: roles, services and signing keys. No account has this id."""

FORM: Final = "doorward-audit-1"
"""The first member of what is hashed. Another form gets another name."""

BEFORE_THE_FIRST: Final = bytes(32)
"""Stands for the hash before that of the first entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedEntry:
    """One entry. What identifies a person is in `source` and `details`, which are sealed; `hash` covers both as they
    are."""

    stream: StreamId
    number: int
    """1 for the first entry of a stream, and one more for each further entry."""
    id: AuditEntryId
    at: datetime
    event: str
    actor: str
    session_id: SessionId | None
    source: bytes
    """The address of the client; empty if there is none."""
    details: bytes
    """The values before and after the change; empty if there are none."""
    hash: bytes = b""

    def chained(self, previous: bytes) -> Self:
        """Return the entry with its hash. `previous` is the hash of the entry before."""
        return replace(self, hash=self.hash_after(previous))

    def hash_after(self, previous: bytes) -> bytes:
        """Return the SHA-256 hash of the members in JSON, without blanks. Times are in UTC with microseconds."""
        members = [
            FORM,
            previous.hex(),
            str(self.stream),
            self.number,
            str(self.id),
            self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.event,
            self.actor,
            str(self.session_id) if self.session_id else None,
            b64encode(self.source).decode(),
            b64encode(self.details).decode(),
        ]
        return sha256(json.dumps(members, separators=(",", ":")).encode()).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditStream:
    """What is stored of a stream beside its entries."""

    id: StreamId
    key: bytes | None
    """What the keys of its sealed values are derived from; None for SERVICE_STREAM and for a deleted account."""
    pruned_number: int = 0
    """The number of the last entry that was deleted because of its age; 0 if none was."""
    pruned_hash: bytes = BEFORE_THE_FIRST
    """The hash of that entry, from which the chain goes on."""


def lowest_id_at(moment: datetime) -> AuditEntryId:
    """Return an id below those of all entries from `moment` on."""
    return AuditEntryId(UUID(int=max(0, int(moment.timestamp() * MILLISECONDS_PER_SECOND)) << 80))
