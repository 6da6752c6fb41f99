"""SQL on a database by its URL, without the storage of the service."""

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


def put_in_first_revision(sql: Sql, user: User) -> None:
    """Store an account in a database of an early revision, whose tables have fewer columns than the service writes."""
    assert user.email is not None
    created = user.created_at.replace(tzinfo=None).isoformat(" ", "microseconds")
    sql(
        "INSERT INTO users (id, username, username_key, email, email_key, password_hash, disabled, epoch, version, "
        f"created_at) VALUES (x'{user.id.hex}', '{user.username.value}', '{user.username.key}', '{user.email.value}', "
        f"'{user.email.key}', '{user.password_hash}', 0, {user.epoch}, {user.version}, '{created}')",
        *(f"INSERT INTO user_roles (user_id, role) VALUES (x'{user.id.hex}', '{role}')" for role in user.roles),
    )


def sql_on(url: str) -> Sql:
    if not url.startswith("sqlite:///"):
        return lambda *statements: Account.parse(url).execute(f"USE `{urlsplit(url).path[1:]}`", *statements)
    path = Path(url.removeprefix("sqlite:///"))

    def run(*statements: str) -> list[tuple[Any, ...]]:
        path.parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            return [connection.execute(statement).fetchall() for statement in statements][-1]

    return run
