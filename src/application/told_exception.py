"""An exception as fields of a log line, without what people typed."""

import traceback
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Final

MAX_MESSAGE_CHARACTERS: Final = 500
MAX_FRAMES: Final = 30


def told(error: BaseException) -> Mapping[str, str | list[str]]:
    """Return `exception`, which has types and messages down to the first cause, and `stack`, which has modules and
    lines.

    Source lines and local variables are left out, because they contain what people typed. Formatters of other programs
    print them: that of structlog if rich is installed, and its `dict_tracebacks`. So they get no exception.
    """
    return {"exception": " <- ".join(described(each) for each in chain(error)), "stack": frames(error.__traceback__)}


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error, its cause, the cause of that, and so on."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def described(error: BaseException) -> str:
    """Return an error's type and message, without the statement and parameters that databases append to it."""
    message = str(error).partition("\n[SQL")[0].partition("[parameters")[0]
    return f"{type(error).__name__}: {message[:MAX_MESSAGE_CHARACTERS]}" if message else type(error).__name__


def frames(trace: TracebackType | None) -> list[str]:
    found = [f"{frame.f_globals.get('__name__', '?')}:{line}" for frame, line in traceback.walk_tb(trace)]
    return found[-MAX_FRAMES:]
