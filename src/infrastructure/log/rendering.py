"""Renders an event as one line. Foreign text in a field is escaped, so that it cannot forge other fields or lines."""

import json
import sys
from collections.abc import MutableMapping
from typing import Any

import msgspec

from doorward.application.told_exception import told

ENCODER = msgspec.json.Encoder(enc_hook=str)
"""Four times as fast as the encoder of the standard library. It cannot escape characters outside of ASCII."""

RESET, DIM, BOLD = "\x1b[0m", "\x1b[2m", "\x1b[1m"
COLOURS = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31m"}


def as_json(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    """Render an event as JSON in ASCII, so that line separators, bidi controls and escape codes are escaped; a
    structlog renderer."""
    fields = {name: event.pop(name) for name in ("time", "level", "event") if name in event}
    fields.update(event)
    try:
        line = ENCODER.encode(fields)
    except UnicodeEncodeError:  # a lone surrogate
        return escaped(fields)
    return line.decode("ascii") if line.isascii() and b"\x7f" not in line else escaped(fields)


def escaped(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), default=str).replace("\x7f", "\\u007f")


def as_text(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    """Render an event for a terminal; a structlog renderer."""
    time = str(event.pop("time", ""))[11:19]
    level = str(event.pop("level", "info"))
    name = quoted(event.pop("event", ""), always=False)
    fields = " ".join(f"{DIM}{quoted(key)}={RESET}{quoted(value)}" for key, value in event.items())
    return f"{DIM}{time}{RESET} {COLOURS.get(level, '')}{level:<8}{RESET} {BOLD}{name}{RESET} {fields}".rstrip()


def quoted(value: object, *, always: bool = True) -> str:
    """Return a plain word as it is (with `always=False` any printable text), and everything else as JSON."""
    if isinstance(value, list | dict):
        return escaped(value)
    text = str(value)
    if text.isprintable() and text and not (always and any(letter in ' "=' for letter in text)):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable()).replace("\x7f", "\\u007f")


def with_exception(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace `exc_info` by the fields of `told`; a structlog processor."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else None
    if error is not None:
        event.update(told(error))
    return event
