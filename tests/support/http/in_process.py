"""The whole service in this process: its edge, routes, use cases and database, called by ASGI instead of over sockets.

Only two parts are doubles: passwords are not hashed, which takes longer than all the rest, and the security log is a
list. Both have tests of their own.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any, Protocol, TypeVar, overload

import httpx2
from dishka import AsyncContainer, Provider, Scope, provide
from litestar.types import ASGIApp

from doorward.application.accounts.create_user import CreateUser
from doorward.application.keys.add_signing_key import AddSigningKey
from doorward.application.keys.ensure_signing_key import EnsureSigningKey
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import PasswordHasher, SecurityLog
from doorward.application.services.register_service import RegisterService
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import ADMIN
from doorward.infrastructure.container import make_container
from doorward.infrastructure.settings.loading import load_settings
from doorward.infrastructure.settings.settings import Settings
from doorward.interfaces.main import application, http_config
from doorward.testing.builders import PASSWORD
from doorward.testing.doubles import ListLog
from support.doubles import InterruptedHasher
from support.http.service import Service
from support.made_tables import make_tables_of
from support.programs.command_line import PATIENT
from support.programs.processes import PATIENCE

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Loop:
    """An event loop in a thread of its own, for tests that are not coroutines."""

    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result, when the work is done; called from outside the loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)


@contextmanager
def running_loop() -> Iterator[Loop]:
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def until_stopped() -> None:
        stop = asyncio.Event()
        started.set_result((asyncio.get_running_loop(), stop))
        await stop.wait()

    thread = Thread(target=asyncio.run, args=(until_stopped(),))
    thread.start()
    loop, stop = started.result(PATIENCE)
    try:
        yield Loop(loop)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


class AppTransport(httpx2.BaseTransport):
    """Sends the requests of a synchronous client to an ASGI application on a loop."""

    def __init__(self, app: ASGIApp, loop: Loop) -> None:
        self.loop = loop
        self.transport = httpx2.ASGITransport(app)  # type: ignore[arg-type]

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self.loop.run(self._answer(request))

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self.transport.handle_async_request(request)
        body = b"".join([part async for part in answer.aiter_raw()])
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=httpx2.ByteStream(body))


class Container(Protocol):
    """What gives use cases: dishka's container, or an application that has been started."""

    @overload
    async def get(self, wanted: type[T], /) -> T: ...

    @overload
    async def get(self, wanted: Any, /) -> Any: ...


class App(Service):
    """A service that runs in this process."""

    def __init__(self, settings: Settings, app: ASGIApp, container: Container, loop: Loop, log: ListLog) -> None:
        super().__init__()
        self.settings = settings
        self.app = app
        self.container = container
        self.loop = loop
        self.log = log

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    @property
    def origin(self) -> str:
        """The origin of pages of the service, as browsers send it."""
        return self.settings.public_origin

    def client(self, **options: Any) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, transport=AppTransport(self.app, self.loop), **options)

    def create_admin(self, username: str) -> None:
        async def create() -> None:
            now = (await self.container.get(Clock)).now()
            create_user = await self.container.get(CreateUser)
            await create_user(username, f"{username}@example.org", PASSWORD, now, by=OPERATOR, roles=[ADMIN])

        self.loop.run(create())

    def add_service(self, name: str) -> tuple[str, str]:
        async def register() -> tuple[str, str]:
            now = (await self.container.get(Clock)).now()
            made = await (await self.container.get(RegisterService))(name, now, by=OPERATOR)
            return made.service.id, made.secret

        return self.loop.run(register())

    def add_signing_key(self, pem: bytes) -> str:
        """Add a key that signs from now on; its `kid`."""

        async def add() -> str:
            now = (await self.container.get(Clock)).now()
            return (await (await self.container.get(AddSigningKey))(pem, now, timedelta())).kid

        return self.loop.run(add())

    def line(self, *, event: str, **fields: object) -> Mapping[str, Any]:
        """The first line of the security log with these fields, without those that every line of a request has."""
        return next(line for name, line in self.log.events if name == event and fields.items() <= line.items())


ServeApp = Callable[..., App]
"""`serve(dialect="tutorial")`: one more service in this process, with these settings."""


@contextmanager
def in_process(folder: Path, **settings: str) -> Iterator[App]:
    """A service with these settings (`dialect="tutorial"` is DOORWARD_DIALECT) on a migrated database."""
    environment = {"DOORWARD_DATA_DIR": str(folder)} | {
        f"DOORWARD_{name.upper()}": value for name, value in {**PATIENT, **settings}.items()
    }
    loaded = load_settings(environment)
    log = ListLog()
    container = make_container(loaded, Doubles(log))
    app = application(container, http_config(loaded))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with running_loop() as loop:
        loop.run(prepare(loaded, container))
        with lifespan(app, loop):
            yield App(loaded, app, container, loop, log)


async def prepare(settings: Settings, container: AsyncContainer) -> None:
    """Do what `doorward serve --migrate` does before it serves."""
    make_tables_of(settings.database)
    await (await container.get(EnsureSigningKey))((await container.get(Clock)).now())


class Doubles(Provider):
    scope = Scope.APP

    def __init__(self, log: ListLog) -> None:
        super().__init__()
        self.list_log = log

    @provide(override=True)
    def hasher(self) -> PasswordHasher:
        return InterruptedHasher()

    @provide(override=True)
    def log(self) -> SecurityLog:
        return self.list_log


@contextmanager
def lifespan(app: ASGIApp, loop: Loop) -> Iterator[None]:
    """Start the application as a server does, and stop it at the end of the block."""
    to_app: asyncio.Queue[Any] = asyncio.Queue()
    from_app: asyncio.Queue[Any] = asyncio.Queue()

    async def exchange(kind: str) -> str:
        await to_app.put({"type": f"lifespan.{kind}"})
        return str((await from_app.get())["type"])

    scope: Any = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    running = asyncio.run_coroutine_threadsafe(as_coroutine(app, scope, to_app, from_app), loop.loop)
    assert loop.run(exchange("startup")) == "lifespan.startup.complete"
    try:
        yield
    finally:
        assert loop.run(exchange("shutdown")) == "lifespan.shutdown.complete"
        running.result(PATIENCE)


async def as_coroutine(app: ASGIApp, scope: Any, to_app: asyncio.Queue[Any], from_app: asyncio.Queue[Any]) -> None:
    await app(scope, to_app.get, from_app.put)
