"""Doorward as an ASGI application that another program mounts under a path."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar, final, overload

import structlog
from dishka import AsyncContainer, Provider
from litestar.types import ASGIApp, Receive, Scope, Send

from doorward.application.change_feed.revocation_publisher import RevocationPublisher
from doorward.domain.errors import Unavailable
from doorward.infrastructure.container import make_container
from doorward.infrastructure.log.configure import configure_logging as configure_log
from doorward.infrastructure.settings.public_path import parse_public_path
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.interfaces.embedding.lifespan_protocol import answer_lifespan
from doorward.interfaces.embedding.own_transaction import OwnTransaction, own_transaction
from doorward.interfaces.embedding.starting import start
from doorward.interfaces.http import metrics
from doorward.interfaces.http.app import create_app as create_litestar
from doorward.interfaces.http.edge.behind_edge import behind_edge
from doorward.interfaces.http.edge.log_pace import LogPace
from doorward.interfaces.http.edge.middleware import Report
from doorward.interfaces.http.edge.mounted_path import MountedPath
from doorward.interfaces.http.errors.refusals import NotStarted
from doorward.interfaces.main import http_config, report_to

T = TypeVar("T")

HINT: Final = (
    "Enter `async with app.lifespan():` in the lifespan of the program, in the event loop that serves requests."
)

logger = structlog.get_logger()


def create_app(
    settings: Settings,
    *,
    overrides: Sequence[Provider] = (),
    mounted_at: str | None = None,
    migrate: bool = False,
    configure_logging: bool = False,
) -> "DoorwardApp":
    """Return Doorward as an ASGI application. It reads no environment and installs no signal handlers.

    `overrides` are providers of dishka that replace adapters. `mounted_at` is the path under which the program mounts
    the application, if it is not the path of `public_url`. With `migrate`, a start brings the schema to this version.
    With `configure_logging`, the log of the whole process is configured as that of `doorward serve`. Raise
    StartRefused for a `mounted_at` that is no path.
    """
    if configure_logging:
        configure_log(settings)
    path = settings.public_path if mounted_at is None else checked_path(mounted_at)
    return DoorwardApp(settings, tuple(overrides), path, migrate=migrate)


def checked_path(raw: str) -> str:
    try:
        return parse_public_path(raw)
    except ValueError as error:
        raise StartRefused(f"mounted_at: {str(error).replace('https://example.com', '')}.") from None


@dataclass(frozen=True, slots=True)
class WiredApp:
    """The container and the application that uses it, for one start."""

    container: AsyncContainer
    app: ASGIApp


@final
class DoorwardApp:
    """An ASGI application. It must be started: by `lifespan()`, or by a server that sends it the lifespan messages."""

    def __init__(self, settings: Settings, overrides: Sequence[Provider], mounted_at: str, *, migrate: bool) -> None:
        self.settings = settings
        self._overrides = overrides
        self._mounted_at = mounted_at
        self._migrate = migrate
        self._pace = LogPace()
        self._wired = self._made()
        self._used = False
        """True once a start has used the container. The next start has a new one."""
        self._running = AsyncExitStack()
        self._entered = 0
        self._changing = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        """The event loop that the application was started in, while it is started."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, or the lifespan messages of a server. There are no web sockets."""
        if scope["type"] == "lifespan":
            await answer_lifespan(self.lifespan(), receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000, "reason": ""})
        else:
            await self._wired.app(scope, receive, send)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Within the block, the application is started. It may be entered again meanwhile; the last block stops it.

        A start checks the database, makes the signing key unless there is one, and starts the background work. Raise
        StartRefused if something cannot be used, and RuntimeError if another event loop has started the application.
        """
        async with self._changing:
            if self._loop not in {None, asyncio.get_running_loop()}:
                raise RuntimeError("Doorward is started in another event loop; start it once, in that of the server.")
            if not self._entered:
                await self._start()
            self._entered += 1
        try:
            yield
        finally:
            async with self._changing:
                self._entered -= 1
                if not self._entered:
                    await self._stop()

    @overload
    async def get(self, wanted: type[T], /) -> T: ...

    @overload
    async def get(self, wanted: Any, /) -> Any: ...

    async def get(self, wanted: Any, /) -> Any:
        """Return a use case or an adapter. Raise RuntimeError unless the application is started."""
        return await self._started.get(wanted)

    def transaction(self) -> AbstractAsyncContextManager[OwnTransaction]:
        """Open a transaction for several use cases and for statements of your own. It is committed when the block ends,
        and rolled back when the block raises. Raise RuntimeError unless the application is started."""
        return own_transaction(self._started)

    def metrics(self) -> bytes:
        """Return the metrics of the process in Prometheus' text format, for a route of the program's own."""
        return metrics.metrics_text()

    async def stop_waiting(self) -> None:
        """Answer the requests that wait for changes now, and let no other one wait until the next start.

        A server ends the lifespan when all requests are finished. These wait up to 30 seconds, so that a program that
        notices its own stop earlier calls this then.
        """
        (await self.get(RevocationPublisher)).stop()

    @property
    def _started(self) -> AsyncContainer:
        if self._loop is None:
            raise RuntimeError(f"Doorward has not been started. {HINT}")
        return self._wired.container

    async def _start(self) -> None:
        if self._used:
            self._wired = self._made()
        self._used = True
        started = start(self._wired.container, self.settings, migrate=self._migrate)
        await self._running.enter_async_context(started)
        self._loop = asyncio.get_running_loop()

    async def _stop(self) -> None:
        """Stop the background work and close the container."""
        self._loop = None
        await self._running.aclose()

    def _made(self) -> WiredApp:
        container = make_container(self.settings, *self._overrides)
        config = replace(http_config(self.settings), proxy_path="kept", keep_alive_seconds=0)
        edge = behind_edge(self._if_started(create_litestar(container, config)), config, self._report(container))
        return WiredApp(container, MountedPath(edge, self._mounted_at, config))

    def _if_started(self, app: ASGIApp) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if self._loop is not asyncio.get_running_loop():
                raise NotStarted(cause="no_lifespan")
            await app(scope, receive, send)

        return serve

    def _report(self, container: AsyncContainer) -> Report:
        """Return what records a 503. Before a start there is no security log: it needs the master secret."""
        report_to_log = report_to(container)

        async def report(refusal: Unavailable) -> None:
            if not isinstance(refusal, NotStarted):
                await report_to_log(refusal)
            elif self._pace.allows_a_line():
                logger.error("app_not_started", hint=HINT)

        return report
