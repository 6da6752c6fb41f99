from collections.abc import Callable, Sequence
from dataclasses import dataclass

from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.errors import ServiceExists
from doorward.domain.services.service import Service, ServiceId
from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryServices:
    tables: Tables
    announce: Callable[[Change], None]

    async def all(self) -> Sequence[Service]:
        return sorted(self.tables.services.values(), key=lambda service: service.name)

    async def get(self, service_id: ServiceId) -> Service | None:
        return self.tables.services.get(service_id)

    async def add(self, service: Service) -> None:
        if any(other.name == service.name for other in self.tables.services.values()):
            raise ServiceExists
        self.tables.services[service.id] = service

    async def remove(self, service_id: ServiceId) -> bool:
        if self.tables.services.pop(service_id, None) is None:
            return False
        self.announce(Change(Subject.SERVICES))
        return True
