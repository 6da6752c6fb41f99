from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from doorward.interfaces.http.errors.dialects import DIALECTS, Dialect

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig:
    """What the HTTP side needs to know of the settings."""

    allowed_hosts: frozenset[str]
    """Lower case, without port; an IPv6 address with or without its brackets."""
    dialect: Dialect = DIALECTS["standard"]
    cors_origins: frozenset[str] = frozenset()
    """Exact origins as browsers write them: `https://app.example.org`, with the port unless it is the default one."""
    public_origin: str = ""
    """Where clients reach the service, as an origin."""
    https: bool = False
    """Clients reach the service over TLS, here or at a proxy: answers carry HSTS."""
    docs: bool = True
    trusted_proxies: tuple[Network, ...] = ()
    """Peers whose `X-Forwarded-For` is believed."""
    body_limit: int = 16_384
    """Bytes."""
    body_seconds: float = 5.0
    """From the head of a request to the last byte of its body."""
    access_log: bool = False
    """One line per request, with the route's template and never the path itself."""
