"""A real Redis or Valkey on loopback, which tests stop, pause and start again."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen

from support.programs.processes import PATIENCE, connects, eventually, free_port, stands_still

PROGRAMS = ("valkey-server", "redis-server")


def find_redis() -> str | None:
    """Return the program that REDIS names, or one that is installed."""
    named = os.environ.get("REDIS")
    return next((found for program in ([named] if named else PROGRAMS) if (found := shutil.which(program))), None)


class RedisServer:
    """A server that stores nothing on disk."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self.port = free_port()
        self.process: Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/1"

    def start(self) -> None:
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self.folder}
        arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        with (self.folder / "output").open("ab") as output:
            self.process = Popen([self.program, *arguments], stdin=DEVNULL, stdout=output, stderr=STDOUT)
        eventually(lambda: connects(self.port))

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
            self.process = None

    def pause(self) -> None:
        """Let it take connections and answer nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        eventually(lambda: self.process is not None and stands_still(self.process.pid))

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def redis_server(program: str, folder: Path) -> Iterator[RedisServer]:
    """Yield a server that does not run yet. It is stopped when the block ends."""
    server = RedisServer(program, folder)
    try:
        yield server
    finally:
        server.stop()
