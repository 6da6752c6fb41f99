"""Finds the client address of a request: the address of the peer, or the one that trusted proxies report."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, final

from doorward.interfaces.http.config import Network
from doorward.interfaces.http.edge.part_limits import MAX_FORWARDED_ADDRESSES
from doorward.interfaces.http.edge.request_headers import Header

UNKNOWN_ADDRESS: Final = "unknown"
"""Used if the peer has no address, as behind a Unix socket."""

MAPPED_PREFIX: Final = "::ffff:"
"""Before an IPv4 address in the notation of IPv6 (RFC 4291, section 2.5.5.2)."""

FORWARDED_FOR: Final = b"x-forwarded-for"
MAX_CACHED_ADDRESSES: Final = 4096
MAX_ADDRESS_CHARACTERS: Final = 64
"""Every address with brackets and port is shorter."""

Address = IPv4Address | IPv6Address


@final
class ClientAddresses:
    """Reads `X-Forwarded-For`, but only the entries that `trusted` peers wrote. `Forwarded`, `X-Real-IP` and similar
    headers are ignored."""

    def __init__(self, trusted: tuple[Network, ...]) -> None:
        self._trusted = trusted
        self._is_trusted_cached = lru_cache(MAX_CACHED_ADDRESSES)(self._is_trusted)

    def of(self, client: tuple[str, int] | None, headers: Iterable[Header]) -> str:
        """Return the nearest address that is not that of a trusted proxy. A malformed entry ends the search, and only
        the last MAX_FORWARDED_ADDRESSES entries are read."""
        if client is None:
            return UNKNOWN_ADDRESS
        peer = client[0]
        if peer.startswith(MAPPED_PREFIX) and "." in peer:  # of an IPv4 client, if the service listens on `::`
            peer = peer.removeprefix(MAPPED_PREFIX)
        if not self._trusted or not self._is_trusted_cached(peer):
            return peer or UNKNOWN_ADDRESS
        nearest = peer
        entries = b",".join(value for name, value in headers if name == FORWARDED_FOR)
        for entry in reversed(entries.rsplit(b",", MAX_FORWARDED_ADDRESSES)[-MAX_FORWARDED_ADDRESSES:]):
            address = parse_address(entry.strip().decode("latin-1"))
            if address is None:
                break
            nearest = str(address)
            if not self._is_trusted_cached(nearest):
                break
        return nearest

    def _is_trusted(self, text: str) -> bool:
        address = parse_address(text)
        return address is not None and any(address in network for network in self._trusted)


def subscriber_of(address: str) -> str:
    """Return what limits per address count by: an IPv4 address, or the /64 network of an IPv6 address, because one
    client has all of its addresses (RFC 6177)."""
    parsed = parse_address(address)
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address


def parse_address(text: str) -> Address | None:
    """Return the address in `text`, which may have a port. An IPv4 address mapped to IPv6 is returned as IPv4. Return
    None for any other text, including an address with a zone, whose name has a meaning for its sender only."""
    if len(text) > MAX_ADDRESS_CHARACTERS or "%" in text:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
