"""The real program in a process of its own, for tests over the wire."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic

import httpx2

from builders import PASSWORD

DOORWARD = str(Path(sys.executable).parent / "doorward")
PATIENCE = 30.0
"""Seconds that a start or a stop may take on a busy machine before a test gives up."""


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    username: str
    email: str
    token: str = field(repr=False)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(slots=True)
class Server:
    """One `doorward serve` on loopback. Whatever secret a test tells it of must not be in its output at the end."""

    port: int
    folder: Path
    environment: dict[str, str] = field(repr=False)
    process: subprocess.Popen[bytes] = field(init=False, repr=False)
    secrets: set[str] = field(default_factory=lambda: {PASSWORD}, repr=False)
    _admin: Account | None = None

    @property
    def host(self) -> str:
        return "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def output(self) -> str:
        """Everything written so far: banner and log."""
        return (self.folder / "output").read_text("utf-8", "replace")

    def start(self) -> None:
        """Start, and return when it is ready."""
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                [DOORWARD, "serve", "--migrate"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        deadline = monotonic() + PATIENCE
        while monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx2.get(f"{self.url}/health/ready", timeout=PATIENCE).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            Event().wait(0.02)
        raise AssertionError(f"The server did not become ready:\n{self.output}")

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def client(self, **options: object) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=PATIENCE, **options)  # type: ignore[arg-type]

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """The command line, on the same settings."""
        return subprocess.run(
            [DOORWARD, *arguments],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def sign_in(self, username: str, password: str = PASSWORD) -> Account:
        answer = httpx2.post(
            f"{self.url}/api/auth/signin", json={"username": username, "password": password}, timeout=PATIENCE
        )
        assert answer.status_code == 200, answer.text
        body = answer.json()
        self.secrets.add(body["accessToken"])
        return Account(body["id"], body["username"], body["email"], body["accessToken"])

    @property
    def admin(self) -> Account:
        """An admin made on the command line, as the README says."""
        if self._admin is None:
            made = self.run(
                "users", "create", "keeper", "--email", "keeper@example.org", "--role", "admin", stdin=PASSWORD
            )
            assert made.returncode == 0, made.stderr
            self._admin = self.sign_in("keeper")
        return self._admin

    def create_user(self, username: str, *roles: str) -> Account:
        """Somebody who signed up, was given these roles by an admin, and is signed in."""
        with self.client() as client:
            answer = client.post(
                "/api/auth/signup",
                json={"username": username, "email": f"{username}@example.org", "password": PASSWORD},
            )
            assert answer.status_code == 201, answer.text
            account = self.sign_in(username)
            for role in roles:
                answer = client.put(f"/api/admin/users/{account.id}/roles/{role}", headers=self.admin.bearer)
                assert answer.status_code in {200, 204}, answer.text
        return account

    def assert_nothing_secret_was_written(self) -> None:
        """LG-03: passwords, tokens and hashes never reach the output."""
        output = self.output
        for secret in self.secrets:
            assert secret not in output
        assert not re.search(r"\$argon2|eyJ[\w-]+\.|BEGIN [A-Z ]*PRIVATE KEY|mysql://[^:]+:[^*@]+@", output)


Serve = Callable[..., Server]
"""`serve(dialect="tutorial")`: one more server, with these settings."""


def eventually(promise: Callable[[], object]) -> None:
    """Wait until it holds. How long it took is measured elsewhere: test machines are slow and shared."""
    deadline = monotonic() + PATIENCE
    while not promise():
        assert monotonic() < deadline, "It did not come to hold."
        Event().wait(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_for(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    """This process's environment without any DOORWARD_ of its own, with `settings` in that form."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("DOORWARD_") and name != "PORT"
    }
    given = {f"DOORWARD_{name.upper()}": value for name, value in settings.items()}
    return {**inherited, "DOORWARD_DATA_DIR": str(folder / "data"), "DOORWARD_LOG_FORMAT": "json", **given}


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Server]:
    """A server with these settings (`dialect="tutorial"` is DOORWARD_DIALECT); stopped, and its output searched."""
    folder.mkdir(parents=True, exist_ok=True)
    port = int(settings.setdefault("port", str(free_port())))
    server = Server(port, folder, environment_for(folder, settings))
    try:
        server.start()
        yield server
    finally:
        if hasattr(server, "process"):
            server.stop()
    server.assert_nothing_secret_was_written()
