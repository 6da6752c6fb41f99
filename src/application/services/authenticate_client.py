from dataclasses import dataclass
from typing import final

from doorward.application.ports.security import ServiceSecrets
from doorward.application.ports.storage import Storage
from doorward.domain.errors import InvalidClient
from doorward.domain.services.service import ID, Service, ServiceId


@final
@dataclass(frozen=True, slots=True)
class AuthenticateClient:
    """Authenticates a service by its secret (RFC 6749, section 2.3.1). The database is read each time, so that a
    removed service is rejected at once."""

    storage: Storage
    secrets: ServiceSecrets

    async def __call__(self, client_id: str, secret: str) -> Service:
        """Raise InvalidClient, both for an unknown id and for a wrong secret."""
        service = await self._find(client_id)
        matches = self.secrets.matches(secret, service.secret_hash if service is not None else None)
        if service is None or not matches:
            raise InvalidClient
        return service

    async def _find(self, client_id: str) -> Service | None:
        if not ID.fullmatch(client_id):
            return None
        async with self.storage.reading() as reading:
            return await reading.services.get(ServiceId(client_id))
