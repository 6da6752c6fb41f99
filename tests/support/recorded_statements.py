"""Records what is sent to a database, as the driver gets it. As a plugin of pytest, it writes the statements of the run
to the file that RECORDED_STATEMENTS names."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, event

VARIABLE = "RECORDED_STATEMENTS"


@contextmanager
def recorded() -> Iterator[set[str]]:
    """Provide the statements that any engine sends in the block."""
    statements: set[str] = set()

    def record(_: object, __: object, statement: str, *___: object) -> None:
        statements.add(with_question_marks(statement))

    event.listen(Engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", record)


def with_question_marks(statement: str) -> str:
    """Return the statement as it is prepared, with `?` for each parameter."""
    return "%".join(part.replace("%s", "?") for part in statement.split("%%"))


class Plugin:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.block = recorded()
        self.statements = self.block.__enter__()

    def pytest_unconfigure(self) -> None:
        self.path.write_text(json.dumps(sorted(self.statements)), "utf-8")


def pytest_configure(config: object) -> None:
    if path := os.environ.get(VARIABLE):
        config.pluginmanager.register(Plugin(Path(path)), "recorded-statements")  # type: ignore[attr-defined]
