from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final, final

from doorward.application.ports.audit import AuditRecord
from doorward.application.ports.storage import Storage
from doorward.domain.audit.sealed_entry import SERVICE_STREAM, AuditStream, StreamId
from doorward.domain.errors import TransactionConflict
from doorward.domain.ids import UserId

BATCH_SIZE: Final = 1_000


@final
@dataclass(frozen=True, slots=True)
class ExportAudit:
    """Reads the audit log in the order in which it can be verified: each stream, and behind it its entries."""

    storage: Storage

    async def __call__(self, account: UserId | None = None) -> AsyncIterator[AuditStream | AuditRecord]:
        """Yield the streams that have entries, or the one of the account.

        The service may go on meanwhile. Raise TransactionConflict in the rare case that entries are pruned which are
        about to be read.
        """
        stream_id, number = SERVICE_STREAM if account is None else StreamId(account), 0
        begun: StreamId | None = None
        while True:
            async with self.storage.reading() as reading:
                found = await reading.audit.in_order(stream_id, number, BATCH_SIZE)
                streams = await reading.audit.streams(sorted({record.sealed.stream for record in found}))
            for current, group in groupby(found, key=lambda record: record.sealed.stream):
                if account is not None and current != account:
                    return
                if current != begun:
                    begun, number = current, streams[current].pruned_number
                    yield streams[current]
                for record in group:
                    if record.sealed.number <= number:  # pruned after it was read
                        continue
                    if record.sealed.number != number + 1:
                        raise TransactionConflict(cause="audit_entries_pruned")
                    number = record.sealed.number
                    yield record
            if len(found) < BATCH_SIZE:
                return
            stream_id, number = found[-1].sealed.stream, found[-1].sealed.number
