from dataclasses import dataclass
from typing import final

from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.services.register_service import service_values
from doorward.application.transactions import retried
from doorward.domain.access.actor import Operator
from doorward.domain.errors import ServiceMissing
from doorward.domain.services.service import Service


@final
@dataclass(frozen=True, slots=True)
class RemoveService:
    """Removes a service. Its next request is rejected, and its id is never used again."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, which: str, by: Operator) -> Service:
        """Return the removed service. `which` is its id or its name. Raise ServiceMissing."""
        service = await self._remove(which, by)
        self.log.record(SecurityEvent.SERVICE_REMOVED, service_id=service.id, name=service.name, by=by.log_name)
        return service

    @retried
    async def _remove(self, which: str, by: Operator) -> Service:
        async with self.storage.transaction() as tx:
            services = await tx.services.all()
            found = [service for service in services if service.id == which]
            found += [service for service in services if service.name == which]
            if not found or not await tx.services.remove(found[0].id):
                raise ServiceMissing
            before = service_values(found[0])
            await tx.audit.append(AuditEntry(event=SecurityEvent.SERVICE_REMOVED, by=by, before=before))
            return found[0]
