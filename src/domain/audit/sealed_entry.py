"""The entries of the audit log as they are stored and chained."""

import json
from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Final, NewType, Self
from uuid import UUID

from doorward.domain.ids import MILLISECONDS_PER_SECOND, SessionId
from doorward.domain.personal_data import Held, HeldBack

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


ENTRY_KEPT: Final = (
    "As long as the operator keeps the audit log, by default a year. After the account is deleted it identifies nobody."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedEntry:
    """One entry. What identifies a person is in `source` and `details`, which are sealed; `hash` covers both as they
    are."""

    stream: Annotated[StreamId, Held("It says whose account was changed.", ENTRY_KEPT)]
    number: Annotated[int, Held("It proves that no entry is missing.", ENTRY_KEPT)]
    """1 for the first entry of a stream, and one more for each further entry."""
    id: Annotated[AuditEntryId, Held("It names the entry.", ENTRY_KEPT)]
    at: Annotated[datetime, Held("It says when the change was made.", ENTRY_KEPT)]
    event: Annotated[str, Held("It says what happened.", ENTRY_KEPT)]
    actor: Annotated[str, Held("It says who made the change.", ENTRY_KEPT)]
    session_id: Annotated[SessionId | None, Held("It says in which session the change was made.", ENTRY_KEPT)]
    source: Annotated[bytes, HeldBack("It is the sealed form of the address, which is shown.")]
    """The address of the client; empty if there is none."""
    details: Annotated[bytes, HeldBack("It is the sealed form of the values before and after, which are shown.")]
    """The values before and after the change; empty if there are none."""
    hash: Annotated[bytes, HeldBack("It proves the entry to administrators.")] = b""

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
