import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from doorward.domain.errors import InvalidServiceName

ServiceId = NewType("ServiceId", str)
"""A `client_id` (RFC 6749, section 2.2): `service-` and 22 random characters, so that it never equals a `sub`."""

ServiceSecretHash = NewType("ServiceSecretHash", bytes)
"""SHA-256; the secret has 256 random bits, so nothing slower is needed."""

ID = re.compile(r"service-[A-Za-z0-9_-]{22}", re.ASCII)
ALLOWED = re.compile(r"[a-z][a-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A program of the operator's that may ask about tokens and end sessions."""

    id: ServiceId
    name: str
    secret_hash: ServiceSecretHash = field(repr=False)
    created_at: datetime


def service_name(raw: str) -> str:
    """Raise InvalidServiceName."""
    if not ALLOWED.fullmatch(raw):
        raise InvalidServiceName
    return raw
