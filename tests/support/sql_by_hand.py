"""SQL on a database by its URL, without any code of the service."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from doorward.domain.accounts.user import User
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


def add_account(sql: Sql, user: User) -> None:
    """Add an account with the columns of the first revision alone."""
    texts = (user.username.value, user.username.key, user.email.value, user.email.key, user.password_hash)
    written = ", ".join(f"'{text}'" for text in (*texts, user.created_at.strftime("%Y-%m-%d %H:%M:%S.%f")))
    columns = "username, username_key, email, email_key, password_hash, created_at, id, disabled, epoch, version"
    sql(
        f"INSERT INTO users ({columns}) VALUES ({written}, x'{user.id.hex}', 0, 0, 0)",
        *(f"INSERT INTO user_roles (user_id, role) VALUES (x'{user.id.hex}', '{role}')" for role in sorted(user.roles)),
    )
