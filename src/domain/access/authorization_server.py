from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationServer:
    """The names of this service: in the tokens that it signs, and on the network."""

    issuer: str
    audience: str
    client_id: str
    url: str
    """Where clients reach the service: scheme, host, port and path, without a trailing slash."""
