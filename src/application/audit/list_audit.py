from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from doorward.application.ports.audit import AuditQuery, AuditRecord
from doorward.application.ports.storage import Lists
from doorward.domain.audit.sealed_entry import AuditEntryId

MAX_PAGE_SIZE: Final = 200


@dataclass(frozen=True, slots=True)
class AuditPage:
    records: Sequence[AuditRecord]
    after: AuditEntryId | None
    """Where the next page begins; None on the last page."""


@final
@dataclass(frozen=True, slots=True)
class ListAudit:
    """Lists entries of the audit log, the newest first, page by page."""

    storage: Lists

    async def __call__(self, query: AuditQuery, after: AuditEntryId | None = None, limit: int = 50) -> AuditPage:
        """Return one page. `limit` is limited to 1 to MAX_PAGE_SIZE."""
        limit = max(1, min(limit, MAX_PAGE_SIZE))
        async with self.storage.reading() as reading:
            records = await reading.audit.page(query, after, limit + 1)
        if len(records) <= limit:
            return AuditPage(records, None)
        return AuditPage(records[:limit], records[limit - 1].sealed.id)
