"""Doorward as it is measured: the real program, its accounts, and the calls that it is asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen
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
from doorward.infrastructure.settings.settings import load_settings
from peers.calls import Call, ask
from peers.catalogue import PASSWORD, email, username
from support.programs.command_line import DOORWARD, Doorward
from support.programs.processes import eventually, free_port

HOST = "127.0.0.1"
NOWHERE = Path("/nonexistent")
PAGE = 200
A_MOMENT = 0.005
ROLES = ("user", "moderator", "admin")
READY = Call.getting("/health/ready", body_contains="ready")
PUBLIC = Call.getting("/api/test/all", body_contains="Public Content.")


def sign_up(number: int) -> Call:
    somebody = {"username": username(number), "email": email(number), "password": PASSWORD}
    return Call.posting("/api/auth/signup", somebody, status=201, body_contains="registered successfully")


def sign_in(number: int) -> Call:
    somebody = {"username": username(number), "password": PASSWORD}
    return Call.posting("/api/auth/signin", somebody, body_contains='"accessToken":"')


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def signed_in(token: str) -> Call:
    return Call.getting("/api/test/user", bearer(token), body_contains="User Content.")


def role_guarded(token: str) -> Call:
    return Call.getting("/api/test/admin", bearer(token), body_contains="Admin Content.")


@dataclass(slots=True)
class Service:
    """One `doorward serve` on loopback."""

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
        """Return when it is ready; seconds from the command to the first answer."""
        began = perf_counter()
        with (self.doorward.folder / "output").open("ab") as output:
            self.process = self.doorward.start("serve", *options, stdin=DEVNULL, stdout=output, stderr=output)
        while not self._answers(PUBLIC):
            sleep(A_MOMENT)
        took = perf_counter() - began
        eventually(lambda: self._answers(READY))
        return took

    def _answers(self, call: Call) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError((self.doorward.folder / "output").read_text("utf-8", "replace"))
        try:
            return call.is_met_by(ask(self.url, call))
        except OSError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def load_accounts(self, count: int, first: int = 0) -> float:
        """So many accounts more, each with every role and with PASSWORD; seconds that it took."""
        file = self.doorward.folder / "accounts.jsonl"
        file.touch(mode=0o600)
        password_hash = PasswordHasher(PASSES, MEMORY_KIB, LANES).hash(PASSWORD)
        with file.open("w") as lines:
            for number in range(first, first + count):
                names = {"username": username(number), "email": email(number)}
                lines.write(json.dumps({**names, "passwordHash": password_hash, "roles": ROLES}) + "\n")
        began = perf_counter()
        with self.doorward.start("users", "import", str(file), stdin=DEVNULL, stderr=STDOUT) as process:
            output, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(output)
        return perf_counter() - began

    def open_sessions(self, count: int) -> list[SignedIn]:
        """Fresh sessions of the first accounts, by the service's own parts, without a password being hashed."""
        return asyncio.run(opened(self.doorward.environment, count))


@contextmanager
def serving(folder: Path, database_url: str = "", *, program: str = DOORWARD, **settings: str) -> Iterator[Service]:
    """One with these settings (`workers="2"` is DOORWARD_WORKERS), on SQLite unless `database_url` names another
    database. `program` is the command to run, of another version perhaps."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    if database_url:
        settings["database_url"] = database_url
    doorward = replace(Doorward.in_folder(folder, port=str(port), **settings), program=program)
    service = Service(doorward, port)
    service.start("--migrate")
    try:
        yield service
    finally:
        service.stop()


async def opened(environment: Mapping[str, str], count: int) -> list[SignedIn]:
    container = make_container(load_settings(environment, NOWHERE))
    try:
        await (await container.get(ChangeFollower)).once()  # which reads the keys
        storage, issue = await container.get(Storage), await container.get(IssueTokens)
        refresh_tokens, now = await container.get(RefreshTokens), datetime.now(UTC)
        begun: list[SignedIn] = []
        async for page in accounts(storage, count):
            async with storage.transaction() as tx:
                for user in page:
                    first = refresh_tokens.first(new_session_id(now))
                    session = Session.opened(first.session_id, user.id, first.hash, UNKNOWN_DEVICE, now)
                    await tx.sessions.add(session)
                    begun.append(issue(user, session, first, now))
        return begun
    finally:
        await container.close()


async def accounts(storage: Storage, count: int) -> AsyncIterator[Sequence[User]]:
    """The first so many, page by page."""
    after: str | None = None
    while count:
        async with storage.reading() as reading:
            page = await reading.users.page("user-", after, min(count, PAGE))
        if not page:
            raise RuntimeError("There are not so many accounts.")
        yield page
        count, after = count - len(page), page[-1].username.key
