"""The MySQL that the tests run on: found, started, handed out database by database, stopped.

The order: TEST_MYSQL_URL; TEST_MYSQL_ROOT, a folder where a server package was unpacked; a server installed on
this machine; Docker; the distribution's package, unpacked privately. All but the first are ours: on 127.0.0.1, on
a free port, with data that go when the tests end.
"""

import asyncio
import os
import secrets
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

from support.mysql.distribution import NotUnpacked, cache_directory, cause_in
from support.mysql.package import NoServerError, given, on_path, unpacked
from support.mysql.process import QUICK, ServerProcess, prepare
from support.programs.processes import eventually, free_port

IMAGE = "mysql:lts"
PREFIX = "doorward_test_"
PATIENCE = 90.0
DOCKER_PATIENCE = 420.0  # the image may have to be fetched first
DENIED = (1044, 1045, 1698)  # access denied: waiting will not help

Rows = list[tuple[Any, ...]]


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

    def execute(self, *statements: str) -> Rows:
        """The rows of the last statement. Blocks, and may be called inside an event loop."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, self._execute(statements)).result()

    async def _execute(self, statements: tuple[str, ...]) -> Rows:
        import asyncmy  # noqa: PLC0415 heavy, and unit tests need no server

        connection = await asyncmy.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            ssl=self.encryption(),
            connect_timeout=60,
            autocommit=True,
        )
        try:
            async with connection.cursor() as cursor:
                for statement in statements:
                    await cursor.execute(statement)
                return list(await cursor.fetchall()) if cursor.description else []
        finally:
            await connection.ensure_closed()


@dataclass(slots=True, kw_only=True)
class MySQLServer:
    """`admin` may do everything; `owner` is who the service signs in as, and may only use databases whose name
    begins with PREFIX. With TEST_MYSQL_URL both are the account named there, and the server is not ours."""

    admin: Account
    owner: Account
    origin: str
    version: str = "unknown"
    process: ServerProcess | None = None
    databases: set[str] = field(default_factory=set)

    @classmethod
    def find(cls, options: Sequence[str] = QUICK) -> "MySQLServer | Skipped":
        """A server that answers, the first of those named above; with these options, if it is ours to start."""
        if url := os.environ.get("TEST_MYSQL_URL"):
            return cls._given(Account.parse(url))
        causes = []
        for source in (installed, docker, package):
            try:
                if process := source(options):
                    return cls._started(process)
            except (NoServerError, NotUnpacked, OSError, subprocess.SubprocessError) as error:
                causes.append(str(error))
        return Skipped(reason="; ".join(causes))

    @classmethod
    def _given(cls, account: Account) -> "MySQLServer | Skipped":
        server = cls(admin=account, owner=account, origin="by TEST_MYSQL_URL")
        try:
            server.wait(20)
        except NoServerError as error:
            return Skipped(reason=str(error))
        return server

    @classmethod
    def _started(cls, process: ServerProcess) -> Self:
        admin = Account(host="127.0.0.1", port=process.port, user=process.admin[0], password=process.admin[1])
        # A password with the characters that URLs and settings files trip over.
        owner = replace(admin, user="doorward", password=f"p@ss/w:rd%{secrets.token_hex(12)}")
        server = cls(admin=admin, owner=owner, origin=process.origin, process=process)
        try:
            server.start()
            pattern = PREFIX.replace("_", r"\_") + "%"
            server.sql(
                f"CREATE USER '{owner.user}'@'%' IDENTIFIED BY '{owner.password}'",
                f"GRANT ALL ON `{pattern}`.* TO '{owner.user}'@'%'",
            )
        except BaseException:
            process.stop()
            raise
        return server

    @property
    def product(self) -> str:
        return f"{'MariaDB' if 'mariadb' in self.version.lower() else 'MySQL'} {self.version}"

    def __str__(self) -> str:
        return f"{self.product}, {self.origin}"

    def fresh_database(self) -> str:
        """The URL of an empty database with the server's default collation."""
        name = PREFIX + secrets.token_hex(6)
        self.sql(f"CREATE DATABASE {name}")
        self.databases.add(name)
        return self.owner.url(name)

    def drop(self, url: str) -> None:
        """Drop what `fresh_database` gave. Fails after 10 s when a transaction still holds one of its tables."""
        name = urlsplit(url).path.removeprefix("/")
        if name not in self.databases:
            raise ValueError(f"{name} is not a database of this run")
        self.sql("SET SESSION lock_wait_timeout = 10", f"DROP DATABASE {name}")
        self.databases.remove(name)

    def sql(self, *statements: str) -> Rows:
        """Run statements as admin, in one session; return the rows of the last."""
        return self.admin.execute(*statements)

    def stop(self) -> None:
        """End our own server with all its data; leave somebody else's as it was found."""
        if self.process is not None:
            self.process.stop()
            return
        for name in sorted(self.databases):
            self.sql(f"DROP DATABASE IF EXISTS {name}")
        self.databases.clear()

    # What faults are made of. Only for a server that is a process of this run.

    @property
    def is_ours(self) -> bool:
        return self.process is not None and self.process.is_native

    def pause(self) -> None:
        """Hang: connections stay open, nothing answers."""
        self._own().pause()

    def resume(self) -> None:
        self._own().resume()

    def kill(self) -> None:
        """Crash; `start` brings it back on the same port with the same data."""
        self._own().kill()

    def terminate(self) -> None:
        """Shut down in good order; `start` brings it back on the same port with the same data."""
        self._own().terminate()

    def start(self) -> None:
        """Return once it answers; nothing happens when it already runs."""
        if self.process is not None:
            self.process.start()
            self.wait(PATIENCE if self.process.is_native else DOCKER_PATIENCE)

    def restore(self) -> None:
        """Have it answer again, whatever was done to it."""
        if self.process is not None and self.process.pid is not None:
            self.process.resume()
        self.start()

    def wait(self, patience: float) -> None:
        """Raise NoServerError when it does not answer in as many seconds, or never will."""
        from asyncmy.errors import MySQLError  # noqa: PLC0415 heavy, and unit tests need no server

        cause = "no answer"

        def settled() -> bool:
            nonlocal cause
            try:
                ((self.version,),) = self.sql("SELECT VERSION()")
            except (MySQLError, OSError) as error:
                cause = str(error)
                return error.args[0] in DENIED or self._has_died()
            cause = ""
            return True

        with suppress(AssertionError):
            eventually(settled, patience)
        if cause:
            cause = cause_in(self.process.log()) if self.process is not None and self._has_died() else cause
            raise NoServerError(f"the server {self.origin} does not answer: {cause}")

    def _has_died(self) -> bool:
        return self.process is not None and self.process.has_died()

    def _own(self) -> ServerProcess:
        if self.process is None or not self.is_ours:
            raise RuntimeError(f"the server {self.origin} is not a process of this run")
        return self.process


def installed(options: Sequence[str]) -> ServerProcess | None:
    root = os.environ.get("TEST_MYSQL_ROOT")
    program = given(Path(root)) if root else on_path()
    return prepare(program, options) if program is not None else None


def package(options: Sequence[str]) -> ServerProcess:
    return prepare(unpacked(cache_directory()), options)


def docker(options: Sequence[str]) -> ServerProcess | None:
    """A container that removes itself, when Docker answers within some seconds."""
    if not shutil.which("docker"):
        return None
    try:
        subprocess.run(["docker", "info"], capture_output=True, check=True, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return None
    folder = Path(tempfile.mkdtemp(prefix="doorward-mysql-"))
    password = secrets.token_hex(16)
    (folder / "environment").touch(mode=0o600)
    (folder / "environment").write_text(f"MYSQL_ROOT_PASSWORD={password}\n")
    port = free_port()
    command = ["docker", "run", "--rm", f"--env-file={folder}/environment", f"--publish=127.0.0.1:{port}:3306"]
    command += ["--tmpfs=/var/lib/mysql", IMAGE, *options]
    return ServerProcess(
        command=command,
        folder=folder,
        port=port,
        admin=("root", password),
        origin=f"in a container of {IMAGE}",
        is_native=False,
    )
