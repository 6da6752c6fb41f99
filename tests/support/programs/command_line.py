"""The real program, run command by command."""

import atexit
import json
import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from signal import SIGKILL
from subprocess import PIPE, CompletedProcess, Popen, TimeoutExpired, run
from threading import Lock
from typing import IO, Any, Self

from doorward.domain.rate_limits.limit_name import LimitName
from support.programs.processes import PATIENCE, eventually

DOORWARD = str(Path(sys.executable).parent / "doorward")

MAX_PIPE_BYTES = 32_768
"""What surely fits into a pipe before anybody reads from it."""

UNLIMITED = {f"limit_{name}": "1000000/second" for name in LimitName}
"""Requests of one client are counted, and no test reaches the limit."""

PATIENT = {
    "hash_wait_seconds": "60",
    "sign_in_free_attempts": "1000000",
    "sign_in_attempts_per_day": "1000000",
    "email_verification": "off",
    **UNLIMITED,
}
"""Sign-ins are slow on a busy machine and many at once, but no test that is about something else gets a 503 or 429.
Thousands sign up, and only tests that are about it get a letter for that."""


@dataclass(frozen=True, slots=True)
class Doorward:
    """The program, in a folder and with an environment of its own."""

    folder: Path
    environment: dict[str, str] = field(repr=False)
    program: str = DOORWARD
    has_packages: bool = False
    """Whether PYTHONPATH names packages that hide none of those that the command server has imported."""

    @classmethod
    def in_folder(cls, folder: Path, **settings: str) -> Self:
        """This process's environment, but of all DOORWARD_ only `settings`: `port="1"` is DOORWARD_PORT."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DOORWARD_")}
        inherited.pop("PORT", None)
        given = {f"DOORWARD_{name.upper()}": value for name, value in settings.items()}
        base = {
            "DOORWARD_DATA_DIR": str(folder / "data"),
            "DOORWARD_LOG_FORMAT": "json",
            "DOORWARD_DATABASE_WAIT_SECONDS": "0",
        }
        return cls(folder, {**inherited, **base, **given})

    @classmethod
    def patient(cls, folder: Path, **settings: str) -> Self:
        """The same with deadlines that no busy machine exceeds, with limits that no test reaches, and with cheap hashes
        where it runs in a fork (`cheap_hashes.py`)."""
        return cls.in_folder(folder, **{**PATIENT, **settings}).having(TEST_HASHES="cheap")

    def having(self, **environment: str) -> Self:
        """The same with further variables, spelt out."""
        return replace(self, environment={**self.environment, **environment})

    def beside(self, packages: Path) -> Self:
        """The same with a folder of further packages."""
        return replace(self.having(PYTHONPATH=str(packages)), has_packages=True)

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def can_fork(self) -> bool:
        """Whether the command server has imported the program that this is."""
        same_path = self.environment.get("PYTHONPATH") == os.environ.get("PYTHONPATH")
        return self.program == DOORWARD and (same_path or self.has_packages)

    def __call__(self, *arguments: str, stdin: str | bytes = b"", **more: str) -> CompletedProcess[str]:
        """Run a command to its end; `more` is as for `having`."""
        command, environment = [self.program, *arguments], self.having(**more).environment
        content = stdin if isinstance(stdin, bytes) else stdin.encode()
        if self.can_fork and len(content) <= MAX_PIPE_BYTES and "PYTHONPATH" not in more:
            return run_in_fork(command, self.folder, environment, content)
        done = run(
            command,
            cwd=self.folder,
            env=environment,
            input=content,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        return CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(
        self, *arguments: str, stdin: int = PIPE, stdout: int | IO[bytes] = PIPE, stderr: int | IO[bytes] = PIPE
    ) -> Popen[Any]:
        """Start a command and leave it running, in a session of its own; whoever starts it stops it."""
        return Popen(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )

    def start_in_fork(self, *arguments: str, output: Path) -> "ForkedProcess":
        """The same without the time that imports take. Reads nothing; what it writes is appended to a file."""
        command = described([self.program, *arguments], self.folder, self.environment, b"", output, output)
        return ForkedProcess(COMMANDS.ask({"start": command}))


class CommandServer:
    """The process of `command_server.py`, started for the first command and ended with the tests."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.process: Popen[bytes] | None = None

    def ask(self, request: dict[str, Any]) -> Any:
        """Send one request, and return the answer. Raise TimeoutExpired when none comes."""
        with self.lock:
            if self.process is None or self.process.poll() is not None:
                module = ["-m", "support.programs.command_server"]
                tests = Path(__file__).parents[2]
                self.process = Popen([sys.executable, *module], cwd=tests, stdin=PIPE, stdout=PIPE)
                atexit.register(self.close, self.process)
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
            with DefaultSelector() as selector:
                selector.register(self.process.stdout, EVENT_READ)
                if not selector.select(PATIENCE):
                    self.process.kill()
                    raise TimeoutExpired(str(request), PATIENCE)
            return json.loads(self.process.stdout.readline())

    def close(self, process: Popen[bytes]) -> None:
        """Closing its standard input ends the server."""
        if process.stdin is not None:
            process.stdin.close()
        process.wait(PATIENCE)


COMMANDS = CommandServer()


@dataclass(slots=True)
class ForkedProcess:
    """A process of the command server that was left running, with those methods of Popen that the tests call."""

    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = COMMANDS.ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float = PATIENCE) -> int:
        with suppress(AssertionError):
            eventually(lambda: self.poll() is not None, timeout)
        if self.returncode is None:
            raise TimeoutExpired(DOORWARD, timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(SIGKILL)


def run_in_fork(arguments: list[str], folder: Path, environment: dict[str, str], stdin: bytes) -> CompletedProcess[str]:
    """Run a command in a process that is forked from one which has imported the program already."""
    with tempfile.TemporaryDirectory() as files:
        stdout, stderr = Path(files, "stdout"), Path(files, "stderr")
        command = described(arguments, folder, environment, stdin, stdout, stderr)
        code = COMMANDS.ask({"run": command})
        return CompletedProcess(arguments, code, stdout.read_text("utf-8"), stderr.read_text("utf-8"))


def described(
    arguments: list[str], folder: Path, environment: dict[str, str], stdin: bytes, stdout: Path, stderr: Path
) -> dict[str, Any]:
    """A command as `command_server.py` reads it. What it writes is appended to the two files."""
    return {
        "arguments": arguments,
        "folder": str(folder),
        "environment": environment,
        "stdin": stdin.decode("latin-1"),
        "stdout": str(stdout),
        "stderr": str(stderr),
    }
