"""Whose address a request counts for: the peer's, or the one that proxies of ours vouch for."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import final

from doorward.interfaces.http.config import Network
from doorward.interfaces.http.edge.request_headers import Header

UNKNOWN = "unknown"
"""The peer has no address, as behind a Unix socket."""

FORWARDED_FOR = b"x-forwarded-for"
REMEMBERED = 4096
LONGEST = 64
"""Characters of an address with brackets and port, and some to spare."""

Address = IPv4Address | IPv6Address


@final
class ClientAddresses:
    """Only `X-Forwarded-For` is read, and only as far as peers in `trusted` wrote it. `Forwarded`, `X-Real-IP` and the
    like count for nothing."""

    def __init__(self, trusted: tuple[Network, ...]) -> None:
        self._trusted = trusted
        self._trusts = lru_cache(REMEMBERED)(self._is_trusted)

    def of(self, client: tuple[str, int] | None, headers: Iterable[Header]) -> str:
        """The address nearest to the service that is no trusted proxy's; the peer's own when the list is damaged."""
        peer = client[0] if client else None
        if not self._trusted or peer is None or not self._trusts(peer):
            return peer or UNKNOWN
        nearest = peer
        for entry in reversed(
            [entry for name, value in headers if name == FORWARDED_FOR for entry in value.split(b",")]
        ):
            address = parsed(entry.strip().decode("latin-1"))
            if address is None:
                break
            nearest = str(address)
            if not self._trusts(nearest):
                break
        return nearest

    def _is_trusted(self, text: str) -> bool:
        address = parsed(text)
        return address is not None and any(address in network for network in self._trusted)


def parsed(text: str) -> Address | None:
    """With or without a port; IPv4 within IPv6 becomes IPv4. None for anything else, also for an address with a zone:
    that is a name of the sender's choice, and means nothing elsewhere."""
    if len(text) > LONGEST or "%" in text:
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
