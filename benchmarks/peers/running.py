"""A peer's process and its database."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self
from urllib.parse import urlsplit

from peers.calls import Call, ask
from support.mysql.server import Account, Rows
from support.programs.processes import eventually, free_port, is_zombie

HOST = "127.0.0.1"
START_TIMEOUT_SECONDS = 300.0
"""Keycloak creates its tables at its first start, which takes half a minute on an idle machine."""
STOP_TIMEOUT_SECONDS = 10.0
MAX_SHOWN_CHARACTERS = 2000
"""Length of the end of its output that an error shows."""


class PeerFailed(Exception):
    """A peer did not start or gave a wrong answer; the text ends with its output."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database on a MySQL server, and an account with all privileges on it."""

    account: Account = field(repr=False)
    name: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse the URL that `MySQLServer.fresh_database` returns."""
        return cls(Account.parse(url), urlsplit(url).path.removeprefix("/"))

    def environment(self) -> dict[str, str]:
        """The environment variables that every peer reads."""
        return {
            "MYSQL_HOST": self.account.host,
            "MYSQL_PORT": str(self.account.port),
            "MYSQL_USER": self.account.user,
            "MYSQL_PASSWORD": self.account.password,
            "MYSQL_DATABASE": self.name,
        }

    def execute(self, *statements: str) -> Rows:
        """Execute statements in this database. Return the rows of the last one."""
        return self.account.execute(f"USE `{self.name}`", *statements)


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The folder of a peer that has SQLite inside."""

    path: Path

    def environment(self) -> dict[str, str]:
        return {"DATA_DIR": str(self.path)}


@dataclass(slots=True, kw_only=True)
class RunningPeer:
    """A peer that runs in a process group of its own. Stop it with `stop()`, or use it in a `with` block."""

    port: int
    admin_port: int
    """Not open unless the peer has one."""
    process: Popen[bytes] = field(repr=False)
    output_file: IO[bytes] = field(repr=False)

    @classmethod
    def start(cls, command: list[str], folder: Path, storage: Database | DataFolder, ready: Call) -> Self:
        """Start it and wait until it answers `ready` as expected. Raise PeerFailed when it does not."""
        port, admin_port = free_port(), free_port()
        # Only PATH is inherited, so that a peer does not depend on the environment of this process.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "NODE_ENV": "production"}
        environment |= {"HOST": HOST, "PORT": str(port), "ADMIN_PORT": str(admin_port), **storage.environment()}
        output_file = TemporaryFile()  # noqa: SIM115  closed by stop()
        process = Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=DEVNULL,
            stdout=output_file,
            stderr=STDOUT,
            start_new_session=True,
        )
        peer = cls(port=port, admin_port=admin_port, process=process, output_file=output_file)
        try:
            peer.wait_until(ready)
        except BaseException:
            peer.stop()
            raise
        return peer

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def url_for(self, call: Call) -> str:
        """The URL of the port that the call is for."""
        return f"http://{HOST}:{self.admin_port}" if call.is_for_admin_port else self.url

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def output(self) -> str:
        """Everything that it has written so far; empty after `stop()`."""
        if self.output_file.closed:
            return ""
        return os.pread(self.output_file.fileno(), os.fstat(self.output_file.fileno()).st_size, 0).decode(
            errors="replace"
        )

    def wait_until(self, ready: Call) -> None:
        def is_ready() -> bool:
            if is_zombie(self.pid):
                raise PeerFailed(f"The peer ended:\n{self.output[-MAX_SHOWN_CHARACTERS:]}")
            try:
                return ready.accepts(ask(self.url, ready))
            except (OSError, HTTPException):
                return False

        try:
            eventually(is_ready, START_TIMEOUT_SECONDS)
        except AssertionError as error:
            raise PeerFailed(f"The peer does not answer:\n{self.output[-MAX_SHOWN_CHARACTERS:]}") from error

    def stop(self) -> None:
        """End all its processes and delete its output. A second call does nothing."""
        if self.process.returncode is not None:
            return
        # It is not reaped before the last signal, so that no other process group can get its id.
        os.killpg(self.pid, signal.SIGTERM)
        with suppress(AssertionError):
            eventually(lambda: is_zombie(self.pid), STOP_TIMEOUT_SECONDS)
        os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        self.output_file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
