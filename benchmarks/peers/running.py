"""A peer as a process, and the database that it is given."""

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
from support.programs.processes import PATIENCE, eventually, free_port, is_zombie

HOST = "127.0.0.1"
STOP_PATIENCE = 10.0
SHOWN = 2000
"""Characters of its output that a failure ends with."""


class PeerFailed(Exception):
    """It did not start; the text ends with what it wrote."""


@dataclass(frozen=True, slots=True)
class Database:
    """One database on a MySQL server, and the account that may do everything in it."""

    account: Account = field(repr=False)
    name: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """From what `MySQLServer.fresh_database` gives."""
        return cls(Account.parse(url), urlsplit(url).path.removeprefix("/"))

    def environment(self) -> dict[str, str]:
        """As every peer reads it."""
        return {
            "MYSQL_HOST": self.account.host,
            "MYSQL_PORT": str(self.account.port),
            "MYSQL_USER": self.account.user,
            "MYSQL_PASSWORD": self.account.password,
            "MYSQL_DATABASE": self.name,
        }

    def execute(self, *statements: str) -> Rows:
        """The rows of the last statement."""
        return self.account.execute(f"USE `{self.name}`", *statements)


@dataclass(slots=True, kw_only=True)
class RunningPeer:
    """Leads a process group of its own. Whoever started it stops it, or leaves the `with` block."""

    port: int
    process: Popen[bytes] = field(repr=False)
    written: IO[bytes] = field(repr=False)

    @classmethod
    def start(cls, command: list[str], folder: Path, database: Database, ready: Call) -> Self:
        """Return when it gives the answer `ready` asks for. Raise PeerFailed when it never does."""
        port = free_port()
        # Nothing of this process's environment but where programs are: a peer runs as it is described.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "NODE_ENV": "production"}
        environment |= {"HOST": HOST, "PORT": str(port), **database.environment()}
        written = TemporaryFile()  # noqa: SIM115  closed by stop()
        process = Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=DEVNULL,
            stdout=written,
            stderr=STDOUT,
            start_new_session=True,
        )
        peer = cls(port=port, process=process, written=written)
        try:
            peer.wait_until(ready)
        except BaseException:
            peer.stop()
            raise
        return peer

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def output(self) -> str:
        """Everything written so far; nothing once it is stopped."""
        if self.written.closed:
            return ""
        return os.pread(self.written.fileno(), os.fstat(self.written.fileno()).st_size, 0).decode(errors="replace")

    def wait_until(self, ready: Call) -> None:
        def settled() -> bool:
            if is_zombie(self.pid):
                raise PeerFailed(f"It ended:\n{self.output[-SHOWN:]}")
            try:
                return ready.is_met_by(ask(self.url, ready))
            except (OSError, HTTPException):
                return False

        try:
            eventually(settled, PATIENCE)
        except AssertionError as error:
            raise PeerFailed(f"It does not answer:\n{self.output[-SHOWN:]}") from error

    def stop(self) -> None:
        """Return once nothing of it runs any more. Its output is gone then; a second call does nothing."""
        if self.process.returncode is not None:
            return
        # Not reaped before the last signal, so that no other group can have its number.
        os.killpg(self.pid, signal.SIGTERM)
        with suppress(AssertionError):
            eventually(lambda: is_zombie(self.pid), STOP_PATIENCE)
        os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        self.written.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
