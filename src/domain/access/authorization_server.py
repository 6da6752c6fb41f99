from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationServer:
    """What we go by: in the tokens that we sign, and on the net."""

    issuer: str
    audience: str
    client_id: str
    url: str
    """Where clients reach us: scheme, host and port, without a slash at the end."""
