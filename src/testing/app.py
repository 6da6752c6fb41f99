"""The HTTP API in this process, on the service in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, final

import httpx
from litestar.types import ASGIApp, Receive, Scope, Send

from doorward.interfaces.main import application, http_config
from doorward.testing.in_memory import InMemoryDoorward


@final
class InMemoryApp:
    """The ASGI application that the server runs, with all of its edge, and clients that call it without a socket.

        ada = doorward.user("ada", roles=["moderator"])
        answer = doorward_app.client.get("/api/test/mod", headers=ada.headers())
        assert answer.status_code == 200

    Nothing runs in the background: `doorward.letters` sends letters, and `doorward.maintain()` maintains.
    """

    def __init__(self, doorward: InMemoryDoorward) -> None:
        self.doorward = doorward
        self.asgi = caught_up(application(doorward.container, http_config(doorward.settings)), doorward)
        self.client = httpx.Client(base_url=doorward.settings.public_url, transport=InProcess(self.asgi, doorward))

    @asynccontextmanager
    async def async_client(self) -> AsyncIterator[httpx.AsyncClient]:
        """Within the block, call the application from a coroutine: `await client.get("/api/account")`."""
        transport: Any = httpx.ASGITransport(self.asgi)  # type: ignore[arg-type]
        async with httpx.AsyncClient(base_url=self.doorward.settings.public_url, transport=transport) as client:
            yield client

    def close(self) -> None:
        """Close the client."""
        self.client.close()


def caught_up(app: ASGIApp, doorward: InMemoryDoorward) -> ASGIApp:
    """Return an application that applies all changes before each request, whatever the clock says."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await doorward.catch_up()
        await app(scope, receive, send)

    return answer


@final
class InProcess(httpx.BaseTransport):
    """Sends the requests of a synchronous client to the application."""

    def __init__(self, app: ASGIApp, doorward: InMemoryDoorward) -> None:
        self._transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        self._doorward = doorward

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._doorward.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._transport.handle_async_request(request)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body))
