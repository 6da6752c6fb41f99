"""Checks that requests are for a host name of this service (RFC 9110, section 7.2)."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from time import monotonic
from typing import Final, final

import structlog

from doorward.interfaces.http.edge.log_pace import LogPace
from doorward.interfaces.http.errors.refusals import InvalidHost, MisdirectedRequest

HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
MAX_CACHED_HOSTS: Final = 256
"""Each spelling with another port or case is one entry."""

MAX_LOGGED_CHARACTERS: Final = 253
"""The longest name of a host (RFC 1035, section 2.3.4)."""

logger = structlog.get_logger()


@final
class AllowedHosts:
    """Checks the Host header. `seconds` is a monotonic clock."""

    def __init__(self, names: Iterable[str], seconds: Callable[[], float] = monotonic) -> None:
        self._pace = LogPace(seconds)
        self._names = frozenset(name.lower().strip("[]").removesuffix(".") for name in names)
        self.check = lru_cache(MAX_CACHED_HOSTS)(self._check)
        """Raise InvalidHost, or MisdirectedRequest for the name of another service. Port, case and a trailing dot make
        no difference. Only allowed spellings are cached."""

    def _check(self, host: bytes | None) -> None:
        found = HOST.fullmatch(host or b"")
        if not found:
            raise InvalidHost
        name = found[1].decode().lower()
        if name.strip("[]").removesuffix(".") not in self._names:
            self._log(name)
            raise MisdirectedRequest

    def _log(self, name: str) -> None:
        """Tell the operator which setting would allow the name, at most once a second."""
        if self._pace.allows_a_line():
            logger.warning(
                "host_refused",
                host=name[:MAX_LOGGED_CHARACTERS],
                hint="If clients use it, set DOORWARD_PUBLIC_URL to its address or name it in DOORWARD_ALLOWED_HOSTS.",
            )
