"""The port of the audit log. `docs/decisions/audit.md` says what a stream is and what the chain proves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Protocol, TypeAlias

from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import Actor
from doorward.domain.audit.sealed_entry import ENTRY_KEPT, AuditEntryId, AuditStream, SealedEntry, StreamId
from doorward.domain.audit.source import Source
from doorward.domain.ids import UserId
from doorward.domain.personal_data import Held

Detail: TypeAlias = str | int | bool | Sequence[str] | Mapping[str, object] | None
Details: TypeAlias = Mapping[str, Detail]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A change, as the use case that makes it describes it. No value may be a password, a hash, a token or a key."""

    event: SecurityEvent
    by: Actor | Source
    account: UserId | None = None
    """The account that is changed; None if the change concerns no account."""
    before: Details = field(default_factory=dict)
    after: Details = field(default_factory=dict)

    @property
    def source(self) -> Source:
        return self.by if isinstance(self.by, Source) else Source.of(self.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """A stored entry, with what is sealed in it as far as it can be opened."""

    sealed: SealedEntry
    address: Annotated[str | None, Held("It says from where the change was made.", ENTRY_KEPT)] = None
    before: Annotated[Details, Held("It says what the values were.", ENTRY_KEPT)] = field(default_factory=dict)
    after: Annotated[Details, Held("It says what the values became.", ENTRY_KEPT)] = field(default_factory=dict)
    erased: bool = False
    """True if something in it cannot be opened, since an account was deleted with its key."""
    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """The keys that open this entry and no other, by the member that each opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which entries are wanted; None stands for all."""

    account: UserId | None = None
    actor: str | None = None
    event: str | None = None


class AuditReader(Protocol):
    async def page(self, query: AuditQuery, after: AuditEntryId | None, limit: int) -> Sequence[AuditRecord]:
        """Return at most `limit` entries, the newest first, from the one before `after` on. The entries of one account
        are in the order of their numbers, all others in the order of their times."""
        ...

    async def in_order(self, stream: StreamId, number: int, limit: int) -> Sequence[AuditRecord]:
        """Return at most `limit` entries by stream and number, from the one behind `number` of `stream` on."""
        ...

    async def streams(self, stream_ids: Sequence[StreamId]) -> Mapping[StreamId, AuditStream]:
        """Return these streams (any number). Unknown ones are left out."""
        ...


class AuditRepository(AuditReader, Protocol):
    async def append(self, *entries: AuditEntry) -> None:
        """Append the entries to their streams, dated now, at the latest when the transaction commits. Each has the hash
        of the one before it. A stream begins with its first entry. What identifies somebody is encrypted with the key
        of the account. An entry for an account that was deleted keeps nothing of it. Of transactions that append to one
        stream at once, those that hold the account wait; the others may raise TransactionConflict. The caller deletes
        an account after its last entry was appended."""
        ...

    async def prune(self, before: datetime, limit: int) -> int:
        """Delete at most about `limit` entries from before that time, always from the beginning of their streams, and
        return how many. Each stream keeps its anchor, and continues from it. A stream without entries whose account was
        deleted goes, too."""
        ...
