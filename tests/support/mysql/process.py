"""A server process of our own: a private data directory, a free port of 127.0.0.1, stopped by its process id."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.mysql.distribution import cause_in
from support.mysql.package import NoServerError, ServerProgram
from support.programs.processes import eventually, free_port, is_zombie, stands_still

KEEPER = Path(__file__).with_name("keeper.py")
SYSTEM_TABLES = ("system_tables", "performance_tables", "system_tables_data")

SERVER_OPTIONS = (
    "--bind-address=127.0.0.1",
    "--socket=server.sock",
    "--loose-mysqlx=OFF",
    "--max-connections=300",
)
# Small and quick, but sql_mode and collations stay as the server ships them. With 2 and nosync, a commit survives the
# server's death, not the machine's, which is all that tests can see. No test reads the performance schema, which takes
# more than half of the server's memory.
QUICK = (
    "--skip-log-bin",
    "--innodb-buffer-pool-size=64M",
    "--innodb-flush-log-at-trx-commit=2",
    "--loose-innodb-flush-method=nosync",
    "--performance-schema=OFF",
)


@dataclass(slots=True, kw_only=True)
class ServerProcess:
    """`folder` lives as long as the process may be started again."""

    command: list[str]
    folder: Path
    port: int
    admin: tuple[str, str]
    origin: str
    is_native: bool = True
    pid: int | None = None
    _keeper: subprocess.Popen[str] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Return as soon as there is a process; whether it answers is for the caller to find out."""
        if self.pid is not None and self.has_died():
            self._dismiss("keep\n")
        if self.pid is not None:
            return
        command = [sys.executable, "-I", str(KEEPER), str(self.folder), *self.command]
        self._keeper = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._keeper.stdout is not None
        answer = self._keeper.stdout.readline()
        if not answer:
            raise NoServerError(f"the server {self.origin} could not be executed")
        self.pid = int(answer)

    def has_died(self) -> bool:
        """True once the process has ended by itself; its keeper holds it as a zombie until it is told."""
        return is_zombie(self.pid)

    def pause(self) -> None:
        """Return once nothing of it runs any more."""
        self._send(signal.SIGSTOP)
        eventually(lambda: stands_still(self.pid))

    def resume(self) -> None:
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """As a crash: SIGKILL; the data stay for the next start."""
        self._send(signal.SIGKILL)
        self._dismiss("keep\n")

    def terminate(self) -> None:
        """As an orderly shutdown: SIGTERM; the data stay for the next start."""
        self._dismiss("keep\n")

    def stop(self) -> None:
        """The end: the process and its data are gone."""
        self._dismiss("")
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        try:
            return (self.folder / "server.log").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def _send(self, signal_number: signal.Signals) -> None:
        if self.pid is None:
            raise RuntimeError("the server is not running")
        os.kill(self.pid, signal_number)

    def _dismiss(self, word: str) -> None:
        if self._keeper is not None:
            self._keeper.communicate(word)
        self._keeper = None
        self.pid = None


def prepare(program: ServerProgram, options: Sequence[str] = QUICK) -> ServerProcess:
    """A server with a fresh data directory and one account that may do all, not yet started."""
    folder = Path(tempfile.mkdtemp(prefix="doorward-mysql-"))
    try:
        base = _initialise(program, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    admin = ("admin", secrets.token_hex(16))
    accounts = folder / "accounts.sql"
    accounts.touch(mode=0o600)
    accounts.write_text(
        f"CREATE USER IF NOT EXISTS '{admin[0]}'@'%' IDENTIFIED BY '{admin[1]}';\n"
        f"GRANT ALL ON *.* TO '{admin[0]}'@'%' WITH GRANT OPTION;\n"
    )
    port = free_port()
    command = [
        *base,
        *SERVER_OPTIONS,
        *options,
        f"--secure-file-priv={folder}",
        f"--port={port}",
        f"--init-file={accounts}",
    ]
    return ServerProcess(command=command, folder=folder, port=port, admin=admin, origin=program.origin)


def _initialise(program: ServerProgram, folder: Path) -> list[str]:
    """Make the data directory; return the command that serves it."""
    data = folder / "data"
    data.mkdir()
    user = ("--user=root",) if os.geteuid() == 0 else ()  # the servers refuse root unless told so
    base = [*program.command, "--no-defaults", *program.options, *user, f"--datadir={data}"]
    how, text = ("--bootstrap", _system_tables(program)) if program.is_mariadb() else ("--initialize", b"")
    answer = subprocess.run([*base, how], input=text, capture_output=True, check=False, timeout=180)
    if answer.returncode != 0:
        cause = cause_in(answer.stderr.decode(errors="replace"))
        raise NoServerError(f"the server {program.origin} could not make its data directory: {cause}")
    return base


def _system_tables(program: ServerProgram) -> bytes:
    """What MariaDB's own set-up script feeds to `--bootstrap`, without that script's shell and paths."""
    found = next((table for share in program.shares for table in share.glob("m*_system_tables.sql")), None)
    if found is None:
        raise NoServerError(f"the server {program.origin} came without its system tables")
    prefix = found.name.removesuffix("system_tables.sql")
    # The server's own root may come in through the socket only.
    head = b"CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\nSET @auth_root_socket='root';"
    return b"\n".join([head, *(found.with_name(f"{prefix}{part}.sql").read_bytes() for part in SYSTEM_TABLES)])
