"""One event, one line. Whatever a stranger typed stays inside its quotes (LG-02)."""

import json
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from types import TracebackType
from typing import Any

LONGEST_MESSAGE = 500
MOST_FRAMES = 30
RESET, DIM, BOLD = "\x1b[0m", "\x1b[2m", "\x1b[1m"
COLOURS = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31m"}


def as_json(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    """A structlog renderer: pure ASCII, so that no line separator, bidi control or escape code survives as such."""
    head = {name: event.pop(name) for name in ("time", "level", "event") if name in event}
    return json.dumps({**head, **event}, separators=(",", ":"), default=str).replace("\x7f", "\\u007f")


def as_text(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    """A structlog renderer for a terminal."""
    time = str(event.pop("time", ""))[11:19]
    level = str(event.pop("level", "info"))
    name = quoted(event.pop("event", ""), always=False)
    fields = " ".join(f"{DIM}{quoted(key)}={RESET}{quoted(value)}" for key, value in event.items())
    return f"{DIM}{time}{RESET} {COLOURS.get(level, '')}{level:<8}{RESET} {BOLD}{name}{RESET} {fields}".rstrip()


def quoted(value: object, *, always: bool = True) -> str:
    """As it is when that is one plain word (or, with `always=False`, any printable text); else in JSON's escapes."""
    if isinstance(value, list | dict):
        return json.dumps(value, default=str).replace("\x7f", "\\u007f")
    text = str(value)
    if text.isprintable() and text and not (always and any(letter in ' "=' for letter in text)):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable()).replace("\x7f", "\\u007f")


def with_exception(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: `exc_info` becomes `exception` (type and message, down to the first cause) and `stack`.

    No source lines and no local variables: those hold what people typed.
    """
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else None
    if error is not None:
        event["exception"] = " <- ".join(described(each) for each in chain(error))
        event["stack"] = frames(error.__traceback__)
    return event


def chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def described(error: BaseException) -> str:
    """Databases repeat the statement and its parameters in their errors: only what stands before them is kept."""
    message = str(error).partition("\n[SQL")[0].partition("[parameters")[0]
    return f"{type(error).__name__}: {message[:LONGEST_MESSAGE]}" if message else type(error).__name__


def frames(trace: TracebackType | None) -> list[str]:
    found = [f"{frame.f_globals.get('__name__', '?')}:{line}" for frame, line in traceback.walk_tb(trace)]
    return found[-MOST_FRAMES:]
