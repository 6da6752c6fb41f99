"""The service inside of another program: mounted under a path in a Litestar application, in this process."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from litestar import Litestar, asgi, get
from litestar.types import Receive, Scope, Send

from doorward import DoorwardApp, Settings, create_app
from doorward.infrastructure.settings.loading import load_settings
from doorward.testing.doubles import ListLog
from support.http.in_process import App, Doubles, lifespan, running_loop
from support.programs.command_line import PATIENT

PATH = "/auth"
METADATA_PATH = f"/.well-known/oauth-authorization-server{PATH}"


class MountedApp(App):
    """Clients send requests for paths below the mount. The host has routes of its own."""

    @property
    def url(self) -> str:
        return self.settings.public_url


@contextmanager
def mounted(folder: Path, **settings: str) -> Iterator[MountedApp]:
    """A service with these settings (`dialect="tutorial"` is DOORWARD_DIALECT) that a Litestar application mounts."""
    loaded = settings_of(folder, settings)
    log = ListLog()
    app = create_app(loaded, overrides=[Doubles(log)], migrate=True)
    host = litestar_host(app)
    with running_loop() as loop, lifespan(host, loop):
        yield MountedApp(loaded, host, app, loop, log)


def settings_of(folder: Path, settings: Mapping[str, str]) -> Settings:
    chosen = {**PATIENT, "public_url": f"http://127.0.0.1:8080{PATH}", "data_dir": str(folder), **settings}
    if "port" in settings and "public_url" not in settings:
        chosen["public_url"] = f"http://127.0.0.1:{settings['port']}{PATH}"
    return load_settings({f"DOORWARD_{name.upper()}": value for name, value in chosen.items()})


def litestar_host(app: DoorwardApp) -> Litestar:
    """A program that has a page of its own, and runs the lifespan of what it mounts."""

    @get("/", sync_to_thread=False)
    def home() -> str:
        return "The host's own page."

    @asgi(PATH, is_mount=True, copy_scope=True)
    async def auth(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    @asgi(METADATA_PATH, copy_scope=True)
    async def metadata(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    @asynccontextmanager
    async def started(_: Any) -> AsyncIterator[None]:
        async with app.lifespan():
            yield

    return Litestar([home, auth, metadata], lifespan=[started], openapi_config=None)
