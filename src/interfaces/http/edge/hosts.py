"""Checks that requests are for a host name of this service (RFC 9110, section 7.2)."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, final

from doorward.interfaces.http.errors.refusals import InvalidHost, MisdirectedRequest

HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
MAX_CACHED_HOSTS: Final = 256
"""Each spelling with another port or case is one entry."""


@final
class AllowedHosts:
    """Checks the Host header."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(name.lower().strip("[]").removesuffix(".") for name in names)
        self.check = lru_cache(MAX_CACHED_HOSTS)(self._check)
        """Raise InvalidHost, or MisdirectedRequest for the name of another service. Port, case and a trailing dot make
        no difference. Only allowed spellings are cached."""

    def _check(self, host: bytes | None) -> None:
        found = HOST.fullmatch(host or b"")
        if not found:
            raise InvalidHost
        if found[1].decode().lower().strip("[]").removesuffix(".") not in self._names:
            raise MisdirectedRequest
