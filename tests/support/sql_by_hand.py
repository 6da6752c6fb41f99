"""SQL on a database by its URL, without any code of the service."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from support.mysql.server import Account

Sql = Callable[..., list[tuple[Any, ...]]]
"""Runs statements, each committed at once, and returns the rows of the last."""


def sql_on(url: str) -> Sql:
    if not url.startswith("sqlite:///"):
        return lambda *statements: Account.parse(url).execute(f"USE `{urlsplit(url).path[1:]}`", *statements)
    path = Path(url.removeprefix("sqlite:///"))

    def run(*statements: str) -> list[tuple[Any, ...]]:
        path.parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            return [connection.execute(statement).fetchall() for statement in statements][-1]

    return run
