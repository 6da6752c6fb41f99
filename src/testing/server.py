"""The service as a process of its own, on SQLite in a folder of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Final, Self, final

import httpx

from doorward.testing.builders import PASSWORD

START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 60.0
COMMAND: Final = (sys.executable, "-m", "doorward")

PATIENT: Final = {"hash_wait_seconds": "60"}
"""So that a busy machine refuses no password of a test."""


@final
@dataclass(frozen=True, slots=True)
class DoorwardServer:
    """A running service with its own clock, passwords hashed for real, and letters as files.

    ada = doorward_server.user("ada", roles=["moderator"])
    assert httpx.get(f"{doorward_server.url}/api/test/mod", headers=ada.headers()).status_code == 200
    """

    url: str
    folder: Path
    """Has the data in `data`, with the letters in `data/letters`, and the log of the service in `log`."""
    environment: dict[str, str] = field(repr=False)
    client: httpx.Client = field(repr=False)
    """Has `url` as its base."""

    @classmethod
    @contextmanager
    def running(cls, folder: Path, **settings: str) -> Iterator[Self]:
        """Run a service within the block. `sign_up="invited"` is DOORWARD_SIGN_UP; no other variable of that kind is
        inherited. Raise RuntimeError, with its last lines, when the service does not start."""
        port = free_port()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DOORWARD_")}
        inherited.pop("PORT", None)
        own = {"data_dir": str(folder / "data"), "log_format": "json", "port": str(port), **PATIENT, **settings}
        environment = inherited | {f"DOORWARD_{name.upper()}": value for name, value in own.items()}
        with (folder / "log").open("wb") as log, started(folder, environment, log.fileno()) as process:
            wait_until_ready(process, port, folder / "log")
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=url, trust_env=False) as client:
                yield cls(url, folder, environment, client)

    def command(self, *arguments: str, stdin: str = "") -> str:
        """Run a command of `doorward` on the same data, such as `command("users", "disable", "ada")`, and return what
        it prints. Raise RuntimeError, with what it says, when it fails."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"doorward {' '.join(arguments)} failed: {done.stderr}")
        return done.stdout

    def user(self, name: str, *, roles: Collection[str] = (), password: str = PASSWORD) -> "ServerUser":
        """Create an account by the command line. Its email is NAME@example.org, and verified; the roles exist."""
        options = [option for role in roles for option in ("--role", role)]
        self.command("users", "create", name, "--email", f"{name.lower()}@example.org", *options, stdin=password)
        return ServerUser(self, name, password)


@final
@dataclass(frozen=True, slots=True)
class ServerUser:
    """An account of a DoorwardServer."""

    server: DoorwardServer
    name: str
    password: str = field(repr=False)

    def token(self) -> str:
        """Return an access token of a new session."""
        credentials = {"username": self.name, "password": self.password}
        answer = self.server.client.post("/api/auth/signin", json=credentials).raise_for_status()
        return str(answer.json()["accessToken"])

    def headers(self) -> dict[str, str]:
        """Return the header of a request with such a token."""
        return {"Authorization": f"Bearer {self.token()}"}


def free_port() -> int:
    """Return a port that nothing listened on a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def started(folder: Path, environment: dict[str, str], log: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the process within the block, and stop it, and it alone, at its end."""
    command = [*COMMAND, "serve", "--migrate"]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when the service is ready. Raise RuntimeError when it ended, or is not ready after START_SECONDS."""
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        if is_ready(port):
            return
        time.sleep(0.05)
    lines = log.read_text("utf-8", "replace").splitlines()[-20:]
    raise RuntimeError("\n".join(["The service did not start:", *lines]))


def is_ready(port: int) -> bool:
    """Return whether the service on this port says that it is ready."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
