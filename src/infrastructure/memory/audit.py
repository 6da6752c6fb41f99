from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorward.application.ports.audit import AuditEntry, AuditQuery, AuditRecord
from doorward.domain.audit.sealed_entry import SERVICE_STREAM, AuditEntryId, AuditStream, SealedEntry, StreamId
from doorward.infrastructure.memory.tables import Tables
from doorward.infrastructure.security.audit_sealing import (
    StreamHead,
    actor_stream_of,
    audit_record,
    sealed_entry,
    stream_of,
)


@dataclass(frozen=True, slots=True)
class MemoryAudit:
    tables: Tables
    now: Callable[[], datetime]

    async def append(self, *entries: AuditEntry) -> None:
        for entry in entries:
            acting = actor_stream_of(entry)
            key = None if acting is None else self._stream(acting).key
            stream = self._stream(stream_of(entry))
            own = [each for each in self.tables.audit_entries if each.stream == stream.id]
            last = (own[-1].number, own[-1].hash) if own else (stream.pruned_number, stream.pruned_hash)
            head = StreamHead(stream=stream, number=last[0], hash=last[1])
            self.tables.audit_entries.append(sealed_entry(entry, head, key, self.now()))

    def _stream(self, stream_id: StreamId) -> AuditStream:
        return self.tables.audit_streams.setdefault(stream_id, StreamHead.new(stream_id).stream)

    async def page(self, query: AuditQuery, after: AuditEntryId | None, limit: int) -> Sequence[AuditRecord]:
        def order(entry: SealedEntry) -> tuple[int, AuditEntryId]:
            return (entry.number if query.account else 0, entry.id)

        bound = next((order(entry) for entry in self.tables.audit_entries if entry.id == after), None)
        matching = [
            entry
            for entry in self.tables.audit_entries
            if (query.account is None or entry.stream == query.account)
            and query.actor in {None, entry.actor}
            and query.event in {None, entry.event}
            and (after is None or (order(entry) < (bound or (0, after))))
        ]
        return [self._record(entry) for entry in sorted(matching, key=order, reverse=True)[:limit]]

    async def in_order(self, stream: StreamId, number: int, limit: int) -> Sequence[AuditRecord]:
        behind = (entry for entry in self.tables.audit_entries if (entry.stream, entry.number) > (stream, number))
        return [self._record(entry) for entry in sorted(behind, key=lambda each: (each.stream, each.number))[:limit]]

    async def streams(self, stream_ids: Sequence[StreamId]) -> Mapping[StreamId, AuditStream]:
        known = self.tables.audit_streams
        return {stream_id: known[stream_id] for stream_id in stream_ids if stream_id in known}

    async def prune(self, before: datetime, limit: int) -> int:
        old = sorted((entry for entry in self.tables.audit_entries if entry.at < before), key=lambda each: each.id)
        last = {entry.stream: entry for entry in sorted(old[:limit], key=lambda each: each.number)}
        for stream_id, entry in last.items():
            self.tables.audit_streams[stream_id] = replace(
                self.tables.audit_streams[stream_id], pruned_number=entry.number, pruned_hash=entry.hash
            )
        kept = [
            entry
            for entry in self.tables.audit_entries
            if entry.stream not in last or entry.number > last[entry.stream].number
        ]
        self.tables.audit_entries = kept
        alive = {entry.stream for entry in kept}
        for stream_id in last.keys() - alive - {SERVICE_STREAM}:
            if self.tables.audit_streams[stream_id].key is None:
                del self.tables.audit_streams[stream_id]
        return min(limit, len(old))

    def _record(self, entry: SealedEntry) -> AuditRecord:
        return audit_record(entry, self.tables.audit_streams)
