"""The real program in a process of its own, for tests over sockets."""

import json
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from subprocess import DEVNULL, CompletedProcess, Popen, TimeoutExpired
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import httpx2

from doorward.testing.builders import PASSWORD
from support.http.service import Service
from support.programs.command_line import Doorward, ForkedProcess
from support.programs.processes import PATIENCE, children, cpu_ticks, eventually, free_port


class Server(Service):
    """One `doorward serve` on loopback. Its output is searched for secrets when it ends."""

    def __init__(self, port: int, doorward: Doorward) -> None:
        super().__init__()
        self.port = port
        self.doorward = doorward
        self.process: Popen[Any] | ForkedProcess
        self.imports_anew = False
        """Whether it starts from nothing, as in production, instead of in a fork that has imported the program."""

    @property
    def host(self) -> str:
        return "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def cpu_ticks(self) -> int:
        """Processor time of the server and its workers, in the kernel's ticks, usually hundredths of a second."""
        return sum(map(cpu_ticks, (self.pid, *children(self.pid))))

    @property
    def folder(self) -> Path:
        return self.doorward.folder

    @property
    def environment(self) -> dict[str, str]:
        return self.doorward.environment

    @property
    def data_dir(self) -> Path:
        return self.doorward.data_dir

    @property
    def output(self) -> str:
        """Everything written so far: banner and log."""
        return (self.folder / "output").read_text("utf-8", "replace")

    def logged(self, **fields: object) -> list[dict[str, Any]]:
        """The lines of the log with these fields; each must be one JSON object. Written soon, not at once: wait."""
        lines = [json.loads(line) for line in self.output.splitlines() if line.startswith("{") and line.endswith("}")]
        return [line for line in lines if fields.items() <= line.items()]

    def line(self, **fields: object) -> dict[str, Any]:
        """The first such line, as soon as it is there."""
        eventually(lambda: self.logged(**fields))
        return self.logged(**fields)[0]

    def settled(self) -> int:
        """Wait until all that was caused so far is written; how long the output is then. Of one worker's log only."""
        request_id = f"settled-{uuid4()}"
        credentials = {"username": self.admin.username, "password": PASSWORD}
        answer = self.request("POST", "/api/auth/signin", json=credentials, headers={"X-Request-Id": request_id})
        self.hide(answer)
        self.line(event="authn_login_success", request_id=request_id)
        return len(self.output)

    def start(self, command: str = "serve --migrate") -> None:
        """Start, and return when it is ready."""
        path = self.folder / "output"
        if self.imports_anew or not self.doorward.can_fork:
            with path.open("ab") as output:
                self.process = self.doorward.start(*command.split(), stdin=DEVNULL, stdout=output, stderr=output)
        else:
            self.process = self.doorward.start_in_fork(*command.split(), output=path)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, f"The server ended:\n{self.output}"
            try:
                return self.request("GET", "/health/ready").status_code == 200
            except httpx2.TransportError:
                return False

        eventually(ready)

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        except TimeoutExpired:
            self.process.kill()
            raise

    def client(self, **options: Any) -> httpx2.Client:
        """Without certificates, which plain HTTP does not need: reading them takes longer than a request."""
        return httpx2.Client(base_url=self.url, timeout=PATIENCE, verify=False, **options)

    def run(self, *arguments: str, stdin: str = "") -> CompletedProcess[str]:
        """The command line, on the same settings."""
        return self.doorward(*arguments, stdin=stdin)

    def create_admin(self, username: str) -> None:
        """On the command line, as the README says."""
        email = f"{username}@example.org"
        made = self.run("users", "create", username, "--email", email, "--role", "admin", stdin=PASSWORD)
        assert made.returncode == 0, made.stderr

    def add_service(self, name: str) -> tuple[str, str]:
        made = self.run("services", "add", name, "--json")
        assert made.returncode == 0, made.stderr
        body = json.loads(made.stdout)
        self.secrets.add(body["secret"])
        return body["id"], body["secret"]

    def own_secrets(self) -> set[str]:
        """The master secret and the database's password, as they were given and as they are meant; but for a password
        that is the service's own name, as somebody's server for tests may have: that is in every line."""
        password = urlsplit(self.environment.get("DOORWARD_DATABASE_URL", "")).password or ""
        file = self.data_dir / "secret.key"
        made = file.read_text().strip() if file.exists() else ""
        return {password, unquote(password), made, self.environment.get("DOORWARD_SECRET_KEY", "")} - {"", "doorward"}

    def assert_nothing_secret_was_written(self) -> None:
        """LG-03: passwords, tokens, hashes, the master secret and the database's password never reach the output."""
        output = self.output
        for secret in self.secrets | self.own_secrets():
            assert secret not in output
        assert not re.search(r"\$argon2|eyJ[\w-]+\.|BEGIN [A-Z ]*PRIVATE KEY|mysql://[^:]+:[^*@]+@", output)


Serve = Callable[..., Server]
"""`serve(dialect="tutorial")`: one more server, with these settings."""


def running(folder: Path, command: str = "serve --migrate", /, **settings: str) -> AbstractContextManager[Server]:
    """A server with these settings (`dialect="tutorial"` is DOORWARD_DIALECT); stopped, and its output searched."""
    return serving(server_in(folder, **settings), command)


def at_full_cost(folder: Path, **settings: str) -> AbstractContextManager[Server]:
    """The same, and a password costs as much work as in production."""
    server = server_in(folder, **settings)
    server.doorward = server.doorward.having(TEST_HASHES="full")
    return serving(server)


def server_in(folder: Path, **settings: str) -> Server:
    """A server with these settings that does not run yet."""
    folder.mkdir(parents=True, exist_ok=True)
    port = int(settings.setdefault("port", str(free_port())))
    return Server(port, Doorward.patient(folder, **settings))


@contextmanager
def serving(server: Server, command: str = "serve --migrate") -> Iterator[Server]:
    """The server, which runs until the block ends. Then its output is searched for secrets."""
    try:
        server.start(command)
        yield server
    finally:
        if hasattr(server, "process"):
            server.stop()
    server.assert_nothing_secret_was_written()
