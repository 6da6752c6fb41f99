from collections.abc import Sequence
from typing import final

from doorward.application.change_feed.recent_reads import MAX_VALUES, RecentReads
from doorward.application.ports.clock import Clock
from doorward.application.ports.storage import Storage
from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.services.service import Service, ServiceId


@final
class KnownServices:
    """The services that sent a request a short time ago, so that their next one needs no query. A service that was
    removed is forgotten as soon as the change feed reports it."""

    def __init__(self, storage: Storage, clock: Clock, max_values: int = MAX_VALUES) -> None:
        self._storage = storage
        self._services = RecentReads(self._read, clock, max_values, storage.distrusts_reads)
        storage.on_commit(self.apply)

    async def get(self, service_id: ServiceId) -> Service | None:
        """Return the service, or None if there is none. Raise StorageUnavailable."""
        return await self._services.get(service_id)

    def apply(self, changes: Sequence[Change]) -> None:
        """Forget all services if one was removed, which happens rarely."""
        if any(change.subject is Subject.SERVICES for change in changes):
            self.clear()

    def clear(self) -> None:
        """Forget all services, as after a start."""
        self._services.clear()

    async def _read(self, service_id: ServiceId) -> Service | None:
        async with self._storage.reading() as reading:
            return await reading.services.get(service_id)
