"""Parsers of origins, host names, header names and networks in settings.

Every `parse_...` function raises ValueError with a text that says what to write instead.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from doorward.infrastructure.settings.public_path import parse_public_path

LABEL = r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?"
NAME = re.compile(rf"{LABEL}(\.{LABEL})*")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
MAX_NAME_CHARACTERS = 253
"""RFC 1035, section 2.3.4."""

DEFAULT_PORTS = {"http": 80, "https": 443}
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})

Network = IPv4Network | IPv6Network


def parse_origin(raw: str) -> str:
    """Return an origin, which must be written exactly as browsers send it (RFC 6454, section 6.2)."""
    if raw == "*":
        raise ValueError("* would allow every site; list the exact origins, such as https://app.example.com")
    parts = split(raw)
    if raw != origin_of(parts):
        raise ValueError("write the origin as browsers send it: scheme://host[:port] and nothing else, lower case")
    return raw


def parse_header_name(raw: str) -> str:
    """Return the name of a header in lower case (RFC 9110, section 5.1)."""
    if not HEADER_NAME.fullmatch(raw) or raw == "*":
        raise ValueError("write the names of headers, such as traceparent; * is not supported")
    return raw.lower()


def parse_public_url(raw: str) -> str:
    """Return `https://host[:port][/path]` without a slash at the end."""
    parts = split(raw)
    if "?" in raw or "#" in raw or parts.username is not None:
        raise ValueError("write scheme://host[:port][/path] and nothing else, such as https://auth.example.com")
    return origin_of(parts) + parse_public_path(parts.path)


def split(raw: str) -> SplitResult:
    if not raw.isascii() or any(letter.isspace() for letter in raw):
        raise ValueError("use printable ASCII (a host name in other scripts as xn--...)")
    parts = urlsplit(raw)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError("begin with https:// (or http://) and a host name")
    if "*" in parts.hostname:
        raise ValueError("a host name with * is not supported; write the full name, such as https://app.example.com")
    try:
        parse_host(parts.hostname)
    except ValueError:
        raise ValueError("the host name is not valid; write one such as https://app.example.com") from None
    if not has_valid_port(parts):
        raise ValueError("the port must be a number from 1 to 65535, as in https://example.com:8443")
    return parts


def has_valid_port(parts: SplitResult) -> bool:
    """Return whether the address has no port, or one from 1 to 65535."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def origin_of(parts: SplitResult) -> str:
    name = bracketed(parts.hostname or "")
    port = "" if parts.port in {None, DEFAULT_PORTS[parts.scheme]} else f":{parts.port}"
    return f"{parts.scheme}://{name}{port}"


def parse_host(raw: str) -> str:
    """Return a host name or address in lower case, without a port. IPv6 addresses get brackets, as in a Host header."""
    text = raw.lower().removesuffix(".")
    address = as_address(text.removeprefix("[").removesuffix("]"))
    if address is not None:
        return bracketed(str(address))
    if len(text) > MAX_NAME_CHARACTERS or not NAME.fullmatch(text):
        raise ValueError("write host names without scheme, port or path, such as auth.example.com")
    return text


def parse_listen_address(raw: str) -> str:
    """Return an IP address to listen on; `localhost` becomes 127.0.0.1."""
    address = as_address("127.0.0.1" if raw == "localhost" else raw)
    if address is None:
        raise ValueError("write an IP address, such as 127.0.0.1 (this machine only) or 0.0.0.0 (every interface)")
    return str(address)


def parse_network(raw: str) -> Network:
    try:
        return ip_network(raw)
    except ValueError as error:
        raise ValueError("write addresses or networks, such as 10.0.0.7 or 10.0.0.0/8") from error


def as_address(raw: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(raw)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Return whether the host is `localhost` or a loopback address."""
    if host == "localhost":
        return True
    address = as_address(host)
    return address is not None and address.is_loopback


def is_wildcard(host: str) -> bool:
    address = as_address(host)
    return address is not None and address.is_unspecified


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
