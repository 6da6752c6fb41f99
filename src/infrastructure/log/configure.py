"""One stream for all that is logged, by structlog or by the standard library, on standard output."""

import logging
import os
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.contextvars import merge_contextvars
from structlog.typing import Processor

from doorward.infrastructure.log.redaction import without_secrets
from doorward.infrastructure.log.rendering import as_json, as_text, with_exception
from doorward.infrastructure.log.sink import QueuedSink
from doorward.infrastructure.settings.settings import Settings

QUIET = dict.fromkeys(("sqlalchemy", "asyncio", "aiosqlite", "asyncmy", "alembic"), logging.WARNING)
"""Libraries whose lower levels tell nothing to an operator, and some of what people typed."""


STANDARD_OUTPUT = 1


class SinkLogger:
    """What structlog calls with the finished line."""

    def __init__(self, sink: QueuedSink) -> None:
        self._sink = sink

    def msg(self, line: str) -> None:
        self._sink.write(line)

    debug = info = warning = error = critical = exception = msg


class StandardLibraryHandler(logging.Handler):
    """Hands the records of `logging` to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 a wrong placeholder in a library's log call must not become our error
            message = str(record.msg)
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
        structlog.get_logger().log(level, message, logger=record.name, exc_info=record.exc_info)


def configure_logging(settings: Settings, descriptor: int = STANDARD_OUTPUT) -> None:
    """For this process and those that it forks; a second call with the same settings changes nothing."""
    pretty = settings.log_format == "pretty" or (settings.log_format == "auto" and os.isatty(descriptor))
    render = as_text if pretty else as_json
    sink = sink_for(descriptor, render)
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[merge_contextvars, with_time_and_level, with_exception, without_secrets, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: SinkLogger(sink),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.setLevel(level)
    if not any(isinstance(handler, StandardLibraryHandler) for handler in root.handlers):
        root.addHandler(StandardLibraryHandler())
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(max(level, least))


def with_time_and_level(_: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["time"] = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    event["level"] = {"exception": "error", "warn": "warning"}.get(method, method)
    return event


_sinks: dict[tuple[int, object], QueuedSink] = {}


def sink_for(descriptor: int, render: Processor) -> QueuedSink:
    """One sink, one thread per stream, however often logging is configured."""

    def report(count: int) -> str:
        lost = {"event": "log_lines_dropped", "count": count}
        return str(render(None, "warning", with_time_and_level(None, "warning", lost)))

    if (descriptor, render) not in _sinks:
        _sinks[descriptor, render] = QueuedSink(descriptor, report)
    return _sinks[descriptor, render]


def dropped_lines() -> int:
    """Log lines that this process lost because nobody took them, for `/metrics`."""
    return sum(sink.dropped for sink in _sinks.values())


def flush() -> None:
    """Write what waits and end the threads, so that the process may fork."""
    for sink in _sinks.values():
        sink.close()
