import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from doorward.domain.errors import InvalidServiceName

ServiceId = NewType("ServiceId", str)
"""A `client_id` (RFC 6749, section 2.2): `service-` and 22 random characters. It never equals the `sub` of a token."""

ServiceSecretHash = NewType("ServiceSecretHash", bytes)
"""A SHA-256 hash. The secret has 256 random bits, so a slow hash would add nothing."""

ID = re.compile(r"service-[A-Za-z0-9_-]{22}", re.ASCII)
NAME = re.compile(r"[a-z][a-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A program of the operator's that may introspect and revoke tokens."""

    id: ServiceId
    name: str
    secret_hash: ServiceSecretHash = field(repr=False)
    created_at: datetime

    @property
    def log_name(self) -> str:
        """Return the actor as the security log names it."""
        return self.id


def parse_service_name(raw: str) -> str:
    """Return the name as it was written. Raise InvalidServiceName."""
    if not NAME.fullmatch(raw):
        raise InvalidServiceName
    return raw
