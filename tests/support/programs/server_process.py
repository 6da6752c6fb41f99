"""The real program in a process of its own, for tests over the wire."""

import json
import re
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, CompletedProcess, Popen, TimeoutExpired
from typing import Any, Self
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import httpx2

from support.builders import PASSWORD
from support.programs.command_line import Doorward
from support.programs.processes import PATIENCE, eventually, free_port

INTROSPECT, REVOKE = "/api/auth/introspect", "/api/auth/revoke"

USER_MEMBERS = {"id", "username", "email", "roles", "disabled", "createdAt"}
"""What admins are shown of an account."""


def somebody(name: str, **members: object) -> dict[str, Any]:
    """What a person sends to sign up, with members changed or added."""
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD, **members}


def outcome(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    return answer.status_code, answer.json()["code"]


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    username: str
    email: str
    token: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @classmethod
    def signed_in(cls, body: Mapping[str, Any]) -> Self:
        """By the answer to a sign-in or a refresh."""
        return cls(body["id"], body["username"], body["email"], body["accessToken"], body["refreshToken"])

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(slots=True)
class Server:
    """One `doorward serve` on loopback. Whatever secret a test tells it of must not be in its output at the end."""

    port: int
    doorward: Doorward
    process: Popen[Any] = field(init=False, repr=False)
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
        answer = httpx2.post(
            f"{self.url}/api/auth/signin", json=credentials, headers={"X-Request-Id": request_id}, timeout=PATIENCE
        )
        self.hide(answer)
        self.line(event="authn_login_success", request_id=request_id)
        return len(self.output)

    def start(self, command: str = "serve --migrate") -> None:
        """Start, and return when it is ready."""
        with (self.folder / "output").open("ab") as output:
            self.process = self.doorward.start(*command.split(), stdin=DEVNULL, stdout=output, stderr=output)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, f"The server ended:\n{self.output}"
            try:
                return httpx2.get(f"{self.url}/health/ready", timeout=PATIENCE).status_code == 200
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

    def client(self, **options: object) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=PATIENCE, **options)  # type: ignore[arg-type]

    def run(self, *arguments: str, stdin: str = "") -> CompletedProcess[str]:
        """The command line, on the same settings."""
        return self.doorward(*arguments, stdin=stdin)

    def sign_in(self, username: str, password: str = PASSWORD) -> Account:
        answer = httpx2.post(
            f"{self.url}/api/auth/signin", json={"username": username, "password": password}, timeout=PATIENCE
        )
        assert answer.status_code == 200, answer.text
        self.hide(answer)
        return Account.signed_in(answer.json())

    def refresh(self, token: str) -> httpx2.Response:
        """Whatever comes of it."""
        answer = httpx2.post(f"{self.url}/api/auth/refresh", json={"refreshToken": token}, timeout=PATIENCE)
        if answer.is_success:
            self.hide(answer)
        return answer

    def refreshed(self, account: Account) -> Account:
        """The same, a refresh later."""
        answer = self.refresh(account.refresh_token)
        assert answer.status_code == 200, answer.text
        return Account.signed_in(answer.json())

    def lets_in(self, account: Account) -> bool:
        """By the access token."""
        answer = httpx2.get(f"{self.url}/api/test/user", headers=account.bearer, timeout=PATIENCE)
        assert answer.is_success or outcome(answer) == (401, "invalid_token"), answer.text
        return answer.is_success

    def hide(self, answer: httpx2.Response) -> None:
        """The tokens of a sign-in or a refresh must not be in the output, either."""
        body = answer.json()
        self.secrets |= {body["accessToken"], body["refreshToken"]}

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
            answer = client.post("/api/auth/signup", json=somebody(username))
            assert answer.status_code == 201, answer.text
            account = self.sign_in(username)
            for role in roles:
                answer = client.put(f"/api/admin/users/{account.id}/roles/{role}", headers=self.admin.bearer)
                assert answer.status_code in {200, 204}, answer.text
        return account

    def add_service(self, name: str) -> tuple[str, str]:
        """Id and secret of a fresh service, as an HTTP client takes them."""
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

Unique = Callable[[str], str]
"""`unique("ada")`: a name that no other test uses, and that begins so."""


@contextmanager
def running(folder: Path, command: str = "serve --migrate", /, **settings: str) -> Iterator[Server]:
    """A server with these settings (`dialect="tutorial"` is DOORWARD_DIALECT); stopped, and its output searched."""
    folder.mkdir(parents=True, exist_ok=True)
    port = int(settings.setdefault("port", str(free_port())))
    server = Server(port, Doorward.in_folder(folder, **settings))
    try:
        server.start(command)
        yield server
    finally:
        if hasattr(server, "process"):
            server.stop()
    server.assert_nothing_secret_was_written()
