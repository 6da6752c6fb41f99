"""Which names this service answers to (RFC 9110, section 7.2)."""

import re
from collections.abc import Iterable
from typing import final

from doorward.interfaces.http.errors.problems import Refusal

INVALID_HOST = Refusal(400, "invalid_host", "Send one Host header with the name of this service.", closes=True)
MISDIRECTED = Refusal(421, "misdirected_request", "This service does not answer to that name.", closes=True)

FORM = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
REMEMBERED = 256
"""Spellings with port and case that were found allowed, so that they are taken apart once."""


@final
class AllowedHosts:
    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(name.lower().strip("[]").removesuffix(".") for name in names)
        self._allowed: set[bytes] = set()

    def refuse(self, host: bytes | None) -> Refusal | None:
        """None when the header's value is one of the names: port, case and a trailing dot do not matter."""
        if host in self._allowed:
            return None
        found = FORM.fullmatch(host or b"")
        if not found:
            return INVALID_HOST
        if found[1].decode().lower().strip("[]").removesuffix(".") not in self._names:
            return MISDIRECTED
        if len(self._allowed) < REMEMBERED:
            self._allowed.add(found[0])
        return None
