import hashlib
import hmac
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, final

import structlog

from doorward.domain.accounts.email import login_key

MOST_PER_SECOND = 20
"""Refusals that one process writes per second and event; a flood of them is counted instead (LG-05)."""

WINDOW = 1.0

BROKEN = ("_failed", "_unusable")
"""How the names of events end that somebody must look into."""

ALARMS = frozenset({"authn_token_reuse"})
"""Events that tell of a theft. Each ends what was stolen, so that nobody causes many of them; none is left out."""

FAILURES = ("_fail", "_unreadable", *BROKEN)
"""How the names of events end that tell of something refused or broken; strangers can cause many of them."""


@dataclass(slots=True)
class Quota:
    """What one refusal used of its present second."""

    began: float
    written: int = 0
    suppressed: int = 0


@final
@dataclass(frozen=True, slots=True)
class StructlogSecurityLog:
    """SecurityLog as log lines, with the request id and address of the request at hand.

    `secret` keys the hash that stands for a typed login, so that attempts on one name can be told to be that.
    """

    secret: bytes = field(repr=False)
    monotonic: Callable[[], float] = field(default=time.monotonic, repr=False)
    quotas: dict[str, Quota] = field(default_factory=dict, repr=False)
    logger: Any = field(default_factory=structlog.get_logger, repr=False)

    def record(self, event: str, /, **fields: str | int | bool | None) -> None:
        if event in ALARMS:
            self.logger.critical(event, outcome="failure", **self._shown(fields))
        elif not event.endswith(FAILURES):
            self.logger.info(event, outcome="success", **self._shown(fields))
        elif self._allowed(event):
            write = self.logger.error if event.endswith(BROKEN) else self.logger.warning
            write(event, outcome="failure", **self._shown(fields))

    def _shown(self, fields: dict[str, str | int | bool | None]) -> dict[str, str | int | bool]:
        shown = {name: value for name, value in fields.items() if value is not None}
        login = shown.pop("login", None)
        if login is not None:
            key = login_key(str(login)).encode("utf-8", "surrogatepass")
            shown["login_hash"] = hmac.new(self.secret, key, hashlib.sha256).hexdigest()[:16]
        return shown

    def _allowed(self, event: str) -> bool:
        now = self.monotonic()
        quota = self.quotas.setdefault(event, Quota(now))
        if now - quota.began >= WINDOW:
            if quota.suppressed:
                Context().run(report_suppressed, event, quota.suppressed)
            quota = self.quotas[event] = Quota(now)
        if quota.written >= MOST_PER_SECOND:
            quota.suppressed += 1
            return False
        quota.written += 1
        return True


def report_suppressed(event: str, count: int) -> None:
    """To be run in an empty context: it is about no request in particular."""
    structlog.get_logger().warning("log_events_suppressed", suppressed=event, count=count)
