"""Starts the real `doorward` program, loads accounts and opens sessions, and defines the calls to it."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT, Popen
from time import perf_counter, sleep
from typing import Any

from argon2 import PasswordHasher

from doorward.application.change_feed.follower import ChangeFollower
from doorward.application.ports.security import RefreshTokens
from doorward.application.ports.storage import Storage
from doorward.application.sessions.issue_tokens import IssueTokens, SignedIn
from doorward.domain.accounts.user import User
from doorward.domain.sessions.session import UNKNOWN_DEVICE, Session, new_session_id
from doorward.infrastructure.container import make_container
from doorward.infrastructure.security.passwords import LANES, MEMORY_KIB, PASSES
from doorward.infrastructure.settings.loading import load_settings
from peers.accounts import PASSWORD, email, username
from peers.calls import Call, ask
from support.programs.command_line import DOORWARD, Doorward
from support.programs.processes import eventually, free_port

HOST = "127.0.0.1"
PAGE_SIZE = 200
START_POLL_SECONDS = 0.005
ROLES = ("user", "moderator", "admin")
READY = Call.getting("/health/ready", body_contains="ready")
PUBLIC = Call.getting("/api/test/all", body_contains="Public Content.")


def sign_up(number: int) -> Call:
    document = {"username": username(number), "email": email(number), "password": PASSWORD}
    return Call.posting("/api/auth/signup", document, status=201, body_contains="registered successfully")


def sign_in(number: int) -> Call:
    document = {"username": username(number), "password": PASSWORD}
    return Call.posting("/api/auth/signin", document, body_contains='"accessToken":"')


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def signed_in(token: str) -> Call:
    return Call.getting("/api/test/user", bearer(token), body_contains="User Content.")


def role_guarded(token: str) -> Call:
    return Call.getting("/api/test/admin", bearer(token), body_contains="Admin Content.")


def own_account(token: str) -> Call:
    return Call.getting("/api/account", bearer(token), body_contains='"username":"')


def introspect(credentials: str, token: str) -> Call:
    """A token introspection. `credentials` are those of `Service.register_client`."""
    call = Call.posting_form("/api/auth/introspect", {"token": token}, body_contains='"active":true')
    return replace(call, headers={**call.headers, "Authorization": credentials})


@dataclass(slots=True)
class Service:
    """A `doorward serve` on the loopback interface."""

    doorward: Doorward
    port: int
    process: Popen[Any] = field(init=False, repr=False)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self, *options: str) -> float:
        """Start it and wait until it is ready. Return the seconds from the command to the first answer."""
        start = perf_counter()
        with (self.doorward.folder / "output").open("ab") as output:
            self.process = self.doorward.start("serve", *options, stdin=DEVNULL, stdout=output, stderr=output)
        while not self._answers(PUBLIC):
            sleep(START_POLL_SECONDS)
        seconds = perf_counter() - start
        eventually(lambda: self._answers(READY))
        return seconds

    def _answers(self, call: Call) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError((self.doorward.folder / "output").read_text("utf-8", "replace"))
        try:
            return call.accepts(ask(self.url, call))
        except OSError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def load_accounts(self, count: int, first: int = 0) -> float:
        """Import `count` accounts with every role and the password PASSWORD. Return the seconds that it took."""
        file = self.doorward.folder / "accounts.jsonl"
        file.touch(mode=0o600)
        password_hash = PasswordHasher(PASSES, MEMORY_KIB, LANES).hash(PASSWORD)
        with file.open("w") as lines:
            for number in range(first, first + count):
                names = {"username": username(number), "email": email(number)}
                lines.write(json.dumps({**names, "passwordHash": password_hash, "roles": ROLES}) + "\n")
        start = perf_counter()
        with self.doorward.start("users", "import", str(file), stdin=DEVNULL, stderr=STDOUT) as process:
            output, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(output)
        return perf_counter() - start

    def register_client(self, name: str) -> str:
        """Register a service. Return the value of its `Authorization` header."""
        with self.doorward.start("services", "add", "--json", name, stdin=DEVNULL, stdout=PIPE) as process:
            output, _ = process.communicate()
        found = json.loads(output)
        return "Basic " + b64encode(f"{found['id']}:{found['secret']}".encode()).decode()

    def open_sessions(self, count: int) -> list[SignedIn]:
        """Open one session for each of the first accounts, by Doorward's own classes and without hashing a password."""
        return asyncio.run(open_sessions(self.doorward.environment, count))


@contextmanager
def serving(folder: Path, database_url: str = "", *, program: str = DOORWARD, **settings: str) -> Iterator[Service]:
    """Run a service with these settings: `workers="2"` is DOORWARD_WORKERS.

    The database is SQLite unless `database_url` names another. `program` may be the command of another version.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    if database_url:
        settings["database_url"] = database_url
    in_folder = Doorward.in_folder(folder, port=str(port), **settings)
    environment = {**in_folder.environment}
    del environment["DOORWARD_DATABASE_WAIT_SECONDS"]  # which older versions do not know, and would refuse
    doorward = replace(in_folder, program=program, environment=environment)
    service = Service(doorward, port)
    service.start("--migrate")
    try:
        yield service
    finally:
        service.stop()


async def open_sessions(environment: Mapping[str, str], count: int) -> list[SignedIn]:
    container = make_container(load_settings(environment))
    try:
        await (await container.get(ChangeFollower)).once()  # reads the signing keys
        storage, issue = await container.get(Storage), await container.get(IssueTokens)
        refresh_tokens, now = await container.get(RefreshTokens), datetime.now(UTC)
        opened: list[SignedIn] = []
        async for page in account_pages(storage, count):
            async with storage.transaction() as tx:
                for user in page:
                    first = refresh_tokens.first(new_session_id(now))
                    session = Session.opened(first.session_id, user.id, first.hash, UNKNOWN_DEVICE, now)
                    await tx.sessions.add(session)
                    opened.append(issue(user, session, first, now))
        return opened
    finally:
        await container.close()


async def account_pages(storage: Storage, count: int) -> AsyncIterator[Sequence[User]]:
    """The first `count` accounts, page by page. Raise RuntimeError when there are fewer."""
    after: str | None = None
    while count:
        async with storage.reading() as reading:
            page = await reading.user_pages.by_username("user-", after, min(count, PAGE_SIZE))
        if not page:
            raise RuntimeError("There are fewer accounts than sessions to open.")
        yield page
        count, after = count - len(page), page[-1].username.key
