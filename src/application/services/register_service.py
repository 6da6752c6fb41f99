from dataclasses import dataclass, field
from datetime import datetime
from typing import final

from doorward.application.ports.audit import AuditEntry, Details
from doorward.application.ports.security import SecurityLog, ServiceSecrets
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Operator
from doorward.domain.services.service import Service, parse_service_name


@dataclass(frozen=True, slots=True)
class RegisteredService:
    service: Service
    secret: str = field(repr=False)
    """Shown once; only its hash is stored."""


@final
@dataclass(frozen=True, slots=True)
class RegisterService:
    """Registers a program of the operator's, which may then introspect and revoke tokens."""

    storage: Storage
    secrets: ServiceSecrets
    log: SecurityLog

    async def __call__(self, name: str, now: datetime, by: Operator) -> RegisteredService:
        """Raise InvalidServiceName or ServiceExists."""
        service_id, secret, secret_hash = self.secrets.generate()
        service = Service(id=service_id, name=parse_service_name(name), secret_hash=secret_hash, created_at=now)
        await self._add(service, by)
        self.log.record(SecurityEvent.SERVICE_ADDED, service_id=service.id, name=service.name, by=by.log_name)
        return RegisteredService(service, secret)

    @retried
    async def _add(self, service: Service, by: Operator) -> None:
        async with self.storage.transaction() as tx:
            await tx.services.add(service)
            after = service_values(service)
            await tx.audit.append(AuditEntry(event=SecurityEvent.SERVICE_ADDED, by=by, after=after))


def service_values(service: Service) -> Details:
    """Return the values of a service that stand in the audit log."""
    return {"service": service.id, "name": service.name}
