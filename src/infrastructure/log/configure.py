"""Configures one log for the events of structlog and for the records of the standard library."""

import logging
import os
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.contextvars import merge_contextvars
from structlog.typing import Processor

from doorward.infrastructure.log.output import LogOutput
from doorward.infrastructure.log.redaction import without_secrets
from doorward.infrastructure.log.rendering import as_json, as_text, with_exception
from doorward.infrastructure.settings.settings import Settings

LIBRARY_LEVELS = dict.fromkeys(("sqlalchemy", "asyncio", "asyncmy", "alembic"), logging.WARNING)
"""The lowest levels of libraries. Lower levels are of no use to an operator and may contain what people typed."""

STANDARD_OUTPUT = 1


class OutputLogger:
    """The logger that structlog calls with the finished line."""

    def __init__(self, output: LogOutput) -> None:
        self.msg = output.write

    def __getattr__(self, level: str) -> Callable[[str], None]:
        return self.msg


class StandardLibraryHandler(logging.Handler):
    """Hands the records of the standard library's `logging` to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 a wrong placeholder in a library's message must not raise here
            message = str(record.msg)
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
        structlog.get_logger().log(level, message, logger=record.name, exc_info=record.exc_info)


def configure_logging(settings: Settings, descriptor: int = STANDARD_OUTPUT) -> None:
    """Configure the log of this process and of those that it forks. A repeated call changes nothing."""
    pretty = settings.log_format == "pretty" or (settings.log_format == "auto" and os.isatty(descriptor))
    render = as_text if pretty else as_json
    output = output_for(descriptor, render)
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[merge_contextvars, with_time_and_level, with_exception, without_secrets, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: OutputLogger(output),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.setLevel(level)
    if not any(isinstance(handler, StandardLibraryHandler) for handler in root.handlers):
        root.addHandler(StandardLibraryHandler())
    for name, least in LIBRARY_LEVELS.items():
        logging.getLogger(name).setLevel(max(level, least))


def with_time_and_level(_: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the time and the level to an event; a structlog processor."""
    event["time"] = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    event["level"] = {"exception": "error", "warn": "warning"}.get(method, method)
    return event


_outputs: dict[tuple[int, object], LogOutput] = {}


def output_for(descriptor: int, render: Processor) -> LogOutput:
    """Return the one output for a descriptor and a format, however often logging is configured."""

    def report(count: int) -> str:
        lost = {"event": "log_lines_dropped", "count": count}
        return str(render(None, "warning", with_time_and_level(None, "warning", lost)))

    if (descriptor, render) not in _outputs:
        _outputs[descriptor, render] = LogOutput(descriptor, report)
    return _outputs[descriptor, render]


def dropped_lines() -> int:
    """Return how many log lines this process lost because they could not be written in time. `/metrics` shows it."""
    return sum(output.dropped for output in _outputs.values())


def flush() -> None:
    """Write the lines that wait, and end the threads. Call it before a fork, when no other thread may run."""
    for output in _outputs.values():
        output.close()
