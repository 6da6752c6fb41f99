"""The real program, run command by command."""

from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen, run

from server_process import DOORWARD, PATIENCE, environment_for


@dataclass(frozen=True, slots=True)
class Doorward:
    """The program, in a folder and with settings of its own."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def environment(self) -> dict[str, str]:
        return environment_for(self.folder, self.settings)

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    def __call__(self, *arguments: str, stdin: str | bytes = b"", **more: str) -> CompletedProcess[str]:
        """Run a command to its end; `more` are environment variables, spelt out."""
        done = run(
            [DOORWARD, *arguments],
            cwd=self.folder,
            env={**self.environment, **more},
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        return CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *arguments: str, stdin: int = PIPE, **more: str) -> Popen[str]:
        """Start a command and leave it running, in a session of its own; whoever starts it stops it."""
        return Popen(
            [DOORWARD, *arguments],
            cwd=self.folder,
            env={**self.environment, **more},
            stdin=stdin,
            stdout=PIPE,
            stderr=PIPE,
            text=True,
            start_new_session=True,
        )
