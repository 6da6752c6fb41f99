"""The security log as lines of the service's log."""

import hashlib
import hmac
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, final

import structlog

from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.accounts.email import login_key

MAX_EVENTS_PER_WINDOW = 20
"""Sampled events that one process writes per window and kind of event. The others are counted (LG-05)."""

WINDOW_SECONDS = 1.0


@dataclass(slots=True)
class Window:
    """How many events of one kind were written and left out since `began`."""

    began: float
    written: int = 0
    suppressed: int = 0


@final
@dataclass(frozen=True, slots=True)
class StructlogSecurityLog:
    """SecurityLog as log lines that carry the request's id and address.

    `secret` is the key of the hash that stands for a typed login. Equal logins have equal hashes.
    """

    secret: bytes = field(repr=False)
    monotonic: Callable[[], float] = field(default=time.monotonic, repr=False)
    windows: dict[SecurityEvent, Window] = field(default_factory=dict, repr=False)
    logger: Any = field(default_factory=structlog.get_logger, repr=False)

    def record(self, event: SecurityEvent, /, **fields: str | int | bool | None) -> None:
        if not event.is_sampled or self._is_within_limit(event):
            write = getattr(self.logger, event.level.value)
            write(event.value, outcome=event.outcome, **self._shown(fields))

    def _shown(self, fields: dict[str, str | int | bool | None]) -> dict[str, str | int | bool]:
        shown = {name: value for name, value in fields.items() if value is not None}
        login = shown.pop("login", None)
        if login is not None:
            key = login_key(str(login)).encode("utf-8", "surrogatepass")
            shown["login_hash"] = hmac.new(self.secret, key, hashlib.sha256).hexdigest()[:16]
        return shown

    def _is_within_limit(self, event: SecurityEvent) -> bool:
        now = self.monotonic()
        window = self.windows.setdefault(event, Window(now))
        if now - window.began >= WINDOW_SECONDS:
            if window.suppressed:
                # An empty context, since this line is about no particular request.
                Context().run(report_suppressed, event, window.suppressed)
            window = self.windows[event] = Window(now)
        if window.written >= MAX_EVENTS_PER_WINDOW:
            window.suppressed += 1
            return False
        window.written += 1
        return True


def report_suppressed(event: SecurityEvent, count: int) -> None:
    structlog.get_logger().warning("log_events_suppressed", suppressed=event.value, count=count)
