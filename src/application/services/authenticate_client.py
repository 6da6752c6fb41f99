from dataclasses import dataclass
from typing import final

from doorward.application.change_feed.known_services import KnownServices
from doorward.application.ports.security import ServiceSecrets
from doorward.domain.errors import InvalidClient
from doorward.domain.services.service import ID, Service, ServiceId


@final
@dataclass(frozen=True, slots=True)
class AuthenticateClient:
    """Authenticates a service by its secret (RFC 6749, section 2.3.1). A removed service is
    rejected as soon as this node knows of it: at once where it was removed, and elsewhere within a second."""

    services: KnownServices
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
        return await self.services.get(ServiceId(client_id))
