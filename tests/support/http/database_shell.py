"""SQL on the database of a running server, without any code of the service."""

import sqlite3
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from support.mysql.server import Account
from support.programs.processes import PATIENCE
from support.programs.server_process import Server


def run_sql(server: Server, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements; the rows of the last one."""
    url = server.environment.get("DOORWARD_DATABASE_URL", f"sqlite:///{server.data_dir / 'doorward.db'}")
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=PATIENCE)) as file, file:
            return [file.execute(statement).fetchall() for statement in statements][-1]
    return Account.parse(first_host_alone(url)).execute(f"USE `{urlsplit(url).path[1:]}`", *statements)


def first_host_alone(url: str) -> str:
    """Return the URL with the first of its hosts. The members of a group have the same rows."""
    head, _, location = url.rpartition("@")
    hosts, _, database = location.partition("/")
    return f"{head}@{hosts.partition(',')[0]}/{database}"
