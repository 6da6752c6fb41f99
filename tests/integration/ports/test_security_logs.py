"""The contract of SecurityLog on the lines of the service, in both formats, and on the double."""

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from doorward.application.ports.security import SecurityLog
from doorward.infrastructure.log.redaction import without_secrets
from doorward.infrastructure.log.rendering import as_json, as_text
from doorward.infrastructure.log.security_log import StructlogSecurityLog
from doorward.testing.contracts.security_log import *  # noqa: F403 the tests of the contract
from doorward.testing.doubles import ListLog
from support.contract_doubles import fails_for_doubles

KEY = b"k" * 32
COLOURS = ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[33m")


@dataclass(frozen=True)
class Renderer:
    """Stands in for structlog's logger, and renders each event as the service does."""

    render: Callable[[object, str, MutableMapping[str, Any]], str]
    lines: list[str] = field(default_factory=list)

    def __getattr__(self, level: str) -> Callable[..., None]:
        def write(event: str, **fields: Any) -> None:
            given = without_secrets(None, level, {"event": event, "level": level, **fields})
            line = self.render(None, level, dict(given))
            for colour in COLOURS:
                line = line.replace(colour, "")
            self.lines.append(line)

        return write


@pytest.fixture(params=["json", "text", "double"])
def log_and_lines(request: pytest.FixtureRequest) -> tuple[SecurityLog, Callable[[], Sequence[str]]]:
    if request.param == "double":
        fails_for_doubles(request, "test_a_typed_login_is_written_as_a_hash")
        double = ListLog()
        return double, lambda: [f"{event.value} {fields}" for event, fields in double.events]
    renderer = Renderer(as_json if request.param == "json" else as_text)
    log = StructlogSecurityLog(KEY, call_later=lambda *_: None, logger=renderer)
    return log, lambda: renderer.lines


@pytest.fixture
def security_log(log_and_lines: tuple[SecurityLog, Callable[[], Sequence[str]]]) -> SecurityLog:
    return log_and_lines[0]


@pytest.fixture
def written_lines(log_and_lines: tuple[SecurityLog, Callable[[], Sequence[str]]]) -> Callable[[], Sequence[str]]:
    return log_and_lines[1]
