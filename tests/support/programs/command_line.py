"""The real program, run command by command."""

import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen, run
from typing import IO, Any, Self

from support.programs.processes import PATIENCE

DOORWARD = str(Path(sys.executable).parent / "doorward")

HASH_WAIT_SECONDS = "60"
"""Sign-ins are slow on a busy machine, but no test that is about something else gets a 503 for it."""


@dataclass(frozen=True, slots=True)
class Doorward:
    """The program, in a folder and with an environment of its own."""

    folder: Path
    environment: dict[str, str] = field(repr=False)
    program: str = DOORWARD

    @classmethod
    def in_folder(cls, folder: Path, **settings: str) -> Self:
        """This process's environment, but of all DOORWARD_ only `settings`: `port="1"` is DOORWARD_PORT."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DOORWARD_")}
        inherited.pop("PORT", None)
        given = {f"DOORWARD_{name.upper()}": value for name, value in settings.items()}
        base = {"DOORWARD_DATA_DIR": str(folder / "data"), "DOORWARD_LOG_FORMAT": "json"}
        return cls(folder, {**inherited, **base, **given})

    @classmethod
    def patient(cls, folder: Path, **settings: str) -> Self:
        """The same with deadlines that no busy machine exceeds."""
        return cls.in_folder(folder, **{"hash_wait_seconds": HASH_WAIT_SECONDS, **settings})

    def having(self, **environment: str) -> Self:
        """The same with further variables, spelt out."""
        return replace(self, environment={**self.environment, **environment})

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    def __call__(self, *arguments: str, stdin: str | bytes = b"", **more: str) -> CompletedProcess[str]:
        """Run a command to its end; `more` is as for `having`."""
        done = run(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.having(**more).environment,
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
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
