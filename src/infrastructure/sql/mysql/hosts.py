"""The hosts of a database URL."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Self

from doorward.infrastructure.settings.web_addresses import bracketed, is_loopback

MYSQL_PORT = 3306
MAX_PORT = 65535
MAX_HOSTS = 16
WRITTEN = re.compile(r"(?:\[(?P<ipv6>[^\[\]]*)\]|(?P<name>[^\[\]:]*))(?::(?P<port>[0-9]{1,5}))?")
UNFIT_FOR_NAMES = frozenset("@#%\\\"'<>{}|^`") | {chr(code) for code in (*range(0x21), 0x7F)}


@dataclass(frozen=True, slots=True)
class Host:
    """A name or an address, and a port."""

    name: str
    port: int = MYSQL_PORT

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Return `NAME`, `NAME:PORT`, `[IPV6]` or `[IPV6]:PORT`. Raise ValueError with a few words that name no value,
        since a password that was not encoded may be part of it."""
        if not raw:
            raise ValueError("an empty host between two commas")
        parts = WRITTEN.fullmatch(raw.lower())
        if parts is None:
            raise ValueError("a bad host or port")
        name, port = parts["ipv6"] or parts["name"] or "", int(parts["port"] or MYSQL_PORT)
        if not name:
            raise ValueError("a port without a host")
        is_address = parts["ipv6"] is None or is_ipv6(name)
        if not is_address or not 0 < port <= MAX_PORT or not UNFIT_FOR_NAMES.isdisjoint(name):
            raise ValueError("a bad host or port")
        return cls(name, port)

    def __str__(self) -> str:
        return f"{bracketed(self.name)}:{self.port}"

    @property
    def is_local(self) -> bool:
        return is_loopback(self.name)


def is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def parse_hosts(raw: str) -> tuple[Host, ...]:
    """Return hosts that are separated by commas. Raise ValueError as `Host.parse` does, also for one that is given
    twice."""
    hosts = tuple(Host.parse(each) for each in raw.split(","))
    for place, host in enumerate(hosts):
        if host in hosts[:place]:
            raise ValueError("the same host twice")
    if len(hosts) > MAX_HOSTS:
        raise ValueError(f"more than {MAX_HOSTS} hosts")
    return hosts
