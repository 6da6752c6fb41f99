"""The MySQL that the tests run on: found, started, handed out database by database, stopped.

The order: TEST_MYSQL_URL; a server installed on this machine; Docker; the distribution's package, unpacked
privately. All but the first are ours: on 127.0.0.1, on a free port, with data that go when the tests end.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

import asyncmy
from mysql_package import NoServerError, cache_directory, on_path, unpacked
from mysql_process import ServerProcess, free_port, prepare

IMAGE = "mysql:lts"
PREFIX = "doorward_test_"
PATIENCE = 90.0
DOCKER_PATIENCE = 420.0  # the image may have to be fetched first


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """There is no MySQL here, and why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    host: str
    port: int
    user: str
    password: str
    query: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """From `mysql://user:password@host:port/anything?query`; the database's name is not looked at."""
        parts = urlsplit(url)
        if parts.scheme.partition("+")[0] != "mysql" or not parts.hostname:
            raise ValueError("TEST_MYSQL_URL has to look like mysql://user:password@host:port/name")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(host=parts.hostname, port=parts.port or 3306, user=user, password=password, query=parts.query)

    def url(self, database: str) -> str:
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mysql://{who}@{host}:{self.port}/{database}" + (f"?{self.query}" if self.query else "")

    def encryption(self) -> ssl.SSLContext | None:
        mode = parse_qs(self.query).get("ssl-mode", ["disabled"])[-1].lower().replace("-", "_")
        if mode in {"disabled", "preferred"}:
            return None
        context = ssl.create_default_context()
        context.check_hostname = mode == "verify_identity"
        if mode == "required":
            context.verify_mode = ssl.CERT_NONE
        return context

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """The rows of the last statement. Blocks, and may be called inside an event loop."""
        return in_a_thread(self._execute(statements))

    async def _execute(self, statements: tuple[str, ...]) -> list[tuple[Any, ...]]:
        connection = await asyncmy.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            ssl=self.encryption(),
            connect_timeout=5,
            autocommit=True,
        )
        try:
            async with connection.cursor() as cursor:
                for statement in statements:
                    await cursor.execute(statement)
                return list(await cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()


def in_a_thread[T](work: Coroutine[Any, Any, T]) -> T:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@dataclass(slots=True, kw_only=True)
class MySQLServer:
    """One server. `admin` may do everything; `owner` is what the service signs in as, and may only use
    databases whose name begins with PREFIX (with TEST_MYSQL_URL both are the account named there)."""

    admin: Account
    owner: Account
    origin: str
    version: str = "not asked yet"
    process: ServerProcess | None = None
