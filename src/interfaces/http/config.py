"""The settings that the HTTP interface needs."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

Network = IPv4Network | IPv6Network


def never() -> bool:
    """Return False."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeAnswerLimits:
    """The limits of one process."""

    max_bytes: int = 64 * 1024 * 1024
    """Beyond this, a further large answer is refused."""
    max_bytes_of_address: int = 16 * 1024 * 1024
    """The part of it that one client address gets; above the size of the largest answer."""
    chunk_seconds: float = 30.0
    """The time in which a client has to take a chunk. The kernel of the server may take several megabytes before, and
    waits until a third of it has been read, so that slow clients read in bursts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig:
    """The settings that the HTTP interface needs. `interfaces.main` makes it from all settings."""

    allowed_hosts: frozenset[str]
    """Host names in lower case, without port; an IPv6 address with or without its brackets."""
    dialect: Literal["standard", "tutorial"] = "standard"
    """A key of `errors.dialects.DIALECTS`."""
    cors_origins: frozenset[str] = frozenset()
    """Exact origins as browsers write them: `https://app.example.org`, with the port unless it is the default port."""
    cors_headers: tuple[str, ...] = ()
    """Additional request headers that pages of these origins may send."""
    public_origin: str = ""
    """The origin under which clients reach the service."""
    public_path: str = ""
    """The path under which clients reach the service, such as `/auth`; empty if it is the root of the origin."""
    proxy_path: Literal["either", "kept", "stripped"] = "either"
    """What the proxy does with that path: requests may have it, must have it, or never have it."""
    issuer_path: str = ""
    """The path of the issuer's address. It is empty if there is none."""
    https: bool = False
    """True when clients reach the service over TLS, here or at a proxy. Answers then carry HSTS."""
    docs: bool = True
    """True when the OpenAPI document and the page `/docs` are served."""
    email_codes: bool = False
    """True when people may sign in with a code from a letter."""
    trusted_proxies: tuple[Network, ...] = ()
    """Peers whose `X-Forwarded-For` is trusted."""
    max_body_bytes: int = 16_384
    body_timeout_seconds: float = 5.0
    """Time limit from the headers of a request to the last byte of its body."""
    large_answers: LargeAnswerLimits = LargeAnswerLimits()
    keep_alive_seconds: int = 5
    """Seconds after which the server closes an idle connection, as clients are told (RFC 2068, section 19.7.1.1). They
    are told nothing if it is 0."""
    is_draining: Callable[[], bool] = never
    """Returns True while the service is about to stop."""
    access_log: bool = False
    """True for one log line per request. It contains the route's template and never the path itself."""
