"""One request through the edge without a server: what a server would say and hear, as ASGI messages."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from litestar.enums import ScopeType
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from msgspec import json

from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.edge import Edge
from doorward.interfaces.http.errors.errors import Refusals

Header = tuple[bytes, bytes]
HOST: Header = (b"host", b"auth.example.org")
JSON: Header = (b"content-type", b"application/json")
CHUNKED: Header = (b"transfer-encoding", b"chunked")
CONFIG = HttpConfig(allowed_hosts=frozenset({"auth.example.org", "127.0.0.1", "[::1]"}))
REFUSALS = Refusals(CONFIG.dialect)
ROUTES = {
    "/": {"GET"},
    "/api/test/all": {"GET"},
    "/api/auth/signin": {"POST"},
    "/api/things": {"GET", "POST", "PUT", "DELETE"},
    "/health/live": {"GET"},
}


@dataclass(slots=True)
class Reply:
    """What went out. `messages` are those of the server's side."""

    messages: list[Message] = field(default_factory=list)

    @property
    def status(self) -> int:
        return int(self._start["status"])

    @property
    def headers(self) -> list[Header]:
        return list(self._start["headers"])

    def header(self, name: str) -> str | None:
        """The value, of several the values in their order."""
        values = [value.decode("latin-1") for key, value in self.headers if key == name.encode()]
        return ", ".join(values) if values else None

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.messages if message["type"] == "http.response.body")

    @property
    def problem(self) -> dict[str, Any]:
        """The body, after a look at whether it is a problem at all."""
        assert self.header("content-type") == "application/problem+json"
        problem: dict[str, Any] = json.decode(self.body)
        assert problem["status"] == self.status
        assert problem["requestId"] == self.header("x-request-id")
        assert problem["message"] == problem["detail"]
        return problem

    @property
    def code(self) -> str:
        return str(self.problem["code"])

    @property
    def _start(self) -> Any:
        assert self.messages[0]["type"] == "http.response.start"
        return self.messages[0]


@dataclass(slots=True)
class Application:
    """A small application that routes like a router, echoes bodies, and remembers the scopes it saw."""

    seen: list[HTTPScope] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: Sequence[Header] = ((b"content-type", b"text/plain; charset=utf-8"),)
    status: int = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == ScopeType.HTTP
        self.seen.append(scope)
        methods = ROUTES.get(scope["path"])
        if methods is None:
            raise NotFoundException
        if scope["method"] not in methods:
            raise MethodNotAllowedException(headers={"allow": ", ".join(methods)})
        scope["path_template"] = scope["path"]
        message = await receive()
        assert message["type"] == "http.request"
        self.bodies.append(message["body"])
        await answer(send, self.status, self.headers, message["body"] or b"echo")

    @property
    def scope(self) -> HTTPScope:
        """That of the only request."""
        (scope,) = self.seen
        return scope


async def answer(send: Send, status: int, headers: Iterable[Header], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def ask(
    app: ASGIApp,
    method: str = "GET",
    path: str = "/api/test/all",
    headers: Iterable[Header] = (),
    chunks: Sequence[bytes] = (),
    *,
    config: HttpConfig = CONFIG,
    host: Iterable[Header] = (HOST,),
    query: bytes = b"",
    peer: str | None = "192.0.2.1",
    ends: str = "whole",
    edge: Edge | None = None,
    **settings: Any,
) -> Reply:
    """Send one request and hear the answer out. `ends` says what follows the chunks: the `whole` body's end, `gone`
    (the client left, or a chunk was malformed), or `stalls` (nothing, ever). `settings` change `config`."""
    reply = Reply()
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": ends != "whole" or index < len(chunks) - 1}
        for index, chunk in enumerate(chunks)
    ] or ([{"type": "http.request", "body": b"", "more_body": False}] if ends == "whole" else [])

    async def receive() -> Any:
        if waiting:
            return waiting.pop(0)
        if ends == "stalls":
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        reply.messages.append(message)

    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("latin-1"),
        "query_string": query,
        "root_path": "",
        "headers": [*host, *headers],
        "client": (peer, "50000") if peer else None,
        "server": ("127.0.0.1", "8080"),
        "state": {},
    }
    await (edge or Edge(REFUSALS.around(app), replace(config, **settings)))(scope, receive, send)
    return reply


async def post(app: ASGIApp, body: bytes, *headers: Header, path: str = "/api/things", **options: Any) -> Reply:
    """POST in one piece, as JSON unless `headers` are given."""
    length = (b"content-length", str(len(body)).encode())
    return await ask(app, "POST", path, [*(headers or (JSON,)), length], [body], **options)
