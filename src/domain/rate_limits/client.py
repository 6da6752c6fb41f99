from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Final

from doorward.domain.rate_limits.rate_limit import Scope

PREFIX_BITS: Final = {Scope.ADDRESS: {4: 32, 6: 64}, Scope.NETWORK: {4: 24, 6: 48}}
"""By the version of the address."""


@lru_cache(4096)
def counted_client(address: str, scope: Scope) -> str:
    """Return under which name requests from the address are counted: a network, or `all`.

    A text that is no address, as that of a client behind a Unix socket, is returned as it is.
    """
    if scope is Scope.ALL:
        return scope.value
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ip_network((parsed, PREFIX_BITS[scope][parsed.version]), strict=False))
