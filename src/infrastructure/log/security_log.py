"""The security log as lines of the service's log."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field
from functools import partial
from typing import Any, final

import structlog

from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.accounts.email import login_key
from doorward.infrastructure.log.line_quota import WINDOW_SECONDS, LineQuota, subject_of


def call_later(seconds: float, function: Callable[[], None]) -> None:
    """Call the function in the running event loop. Without one, as in a command, do nothing."""
    with suppress(RuntimeError):
        # An empty context, since the call is about no particular request.
        asyncio.get_running_loop().call_later(seconds, function, context=Context())


@final
@dataclass(frozen=True, slots=True)
class StructlogSecurityLog:
    """SecurityLog as log lines that carry the request's id and address.

    `secret` is the key of the hash that stands for a typed login. Equal logins have equal hashes. What the quota leaves
    out is reported at the end of the second: by `call_later`, or before the next line. Whoever ends the log calls
    `report_left_out`.
    """

    secret: bytes = field(repr=False)
    quota: LineQuota = field(default_factory=LineQuota, repr=False)
    call_later: Callable[[float, Callable[[], None]], None] = field(default=call_later, repr=False)
    logger: Any = field(default_factory=structlog.get_logger, repr=False)

    def record(self, event: SecurityEvent, /, **fields: str | int | bool | None) -> None:
        shown = self._shown(fields)
        if event.max_lines_per_second is None or self._is_within_quota(event, shown):
            write = getattr(self.logger, event.level.value)
            write(event.value, outcome=event.outcome, **shown)

    def _shown(self, fields: dict[str, str | int | bool | None]) -> dict[str, str | int | bool]:
        shown = {name: value for name, value in fields.items() if value is not None}
        login = shown.pop("login", None)
        if login is not None:
            key = login_key(str(login)).encode("utf-8", "surrogatepass")
            shown["login_hash"] = hmac.new(self.secret, key, hashlib.sha256).hexdigest()[:16]
        return shown

    def _is_within_quota(self, event: SecurityEvent, shown: dict[str, str | int | bool]) -> bool:
        if self.quota.is_over:
            Context().run(self.report_left_out)
        reason = shown.get("reason")
        if self.quota.admits(event, None if reason is None else str(reason), subject_of(shown)):
            return True
        if self.quota.left_out == 1:
            self.call_later(WINDOW_SECONDS, partial(self._report_unless_done, self.quota.began))
        return False

    def _report_unless_done(self, began: float) -> None:
        if self.quota.began == began:
            self.report_left_out()

    def report_left_out(self) -> None:
        """Begin the next second, and write one line for each event, reason and subject of which lines were left
        out."""
        for event, reason, subject, lines in self.quota.renewed():
            about: dict[str, str | int | bool] = {} if reason is None else {"reason": reason}
            if subject is not None:
                about[subject.name] = subject.value
            write = getattr(self.logger, event.level.value)
            write("log_events_suppressed", suppressed=event.value, **about, count=lines)
