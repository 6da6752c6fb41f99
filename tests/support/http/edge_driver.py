"""Drives the edge without a server: one request and its answer, as ASGI messages."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from litestar.enums import ScopeType
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from msgspec import json

from doorward.domain.errors import Unavailable
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.middleware import EdgeMiddleware

Header = tuple[bytes, bytes]
HOST: Header = (b"host", b"auth.example.org")
JSON: Header = (b"content-type", b"application/json")
CHUNKED: Header = (b"transfer-encoding", b"chunked")
CONFIG = HttpConfig(allowed_hosts=frozenset({"auth.example.org", "127.0.0.1", "[::1]"}))
ROUTES = {
    "/": {"GET"},
    "/api/test/all": {"GET"},
    "/api/auth/signin": {"POST"},
    "/api/things": {"GET", "POST", "PUT", "DELETE"},
    "/health/live": {"GET"},
}


@dataclass(slots=True)
class Reply:
    """The answer. `messages` are those that a server would get."""

    messages: list[Message] = field(default_factory=list)

    @property
    def status(self) -> int:
        return int(self._start["status"])

    @property
    def headers(self) -> list[Header]:
        return list(self._start["headers"])

    def header(self, name: str) -> str | None:
        """Return the value; of several headers, the values in their order. None without such a header."""
        values = [value.decode("latin-1") for key, value in self.headers if key == name.encode()]
        return ", ".join(values) if values else None

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.messages if message["type"] == "http.response.body")

    @property
    def problem(self) -> dict[str, Any]:
        """Return the body, after checking that it is a problem of RFC 9457."""
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
    """A small application that routes by ROUTES, echoes bodies, and keeps the scopes of its requests."""

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
        """Return the scope of the only request."""
        (scope,) = self.seen
        return scope


async def ignore(_: Unavailable) -> None:
    """Report no refusal."""


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
    ends: str = "complete",
    edge: EdgeMiddleware | None = None,
    take: Callable[[], Awaitable[object]] | None = None,
    **settings: Any,
) -> Reply:
    """Send one request and return the complete answer. `ends` says what follows the chunks: `complete` is the end of
    the body, `disconnected` means that the client left or a chunk was malformed, and `silent` that nothing follows.
    `settings` change `config`. `take` is awaited before each message of the answer, as if the client were slow."""
    reply = Reply()
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": ends != "complete" or index < len(chunks) - 1}
        for index, chunk in enumerate(chunks)
    ] or ([{"type": "http.request", "body": b"", "more_body": False}] if ends == "complete" else [])

    async def receive() -> Any:
        if waiting:
            return waiting.pop(0)
        if ends == "silent":
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if take is not None:
            await take()
        reply.messages.append(message)

    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query,
        "root_path": "",
        "headers": [*host, *headers],
        "client": (peer, "50000") if peer else None,
        "server": ("127.0.0.1", "8080"),
        "state": {},
    }
    await (edge or EdgeMiddleware(app, replace(config, **settings), ignore))(scope, receive, send)
    return reply


async def post(app: ASGIApp, body: bytes, *headers: Header, path: str = "/api/things", **options: Any) -> Reply:
    """POST the body in one piece, as JSON unless `headers` are given."""
    length = (b"content-length", str(len(body)).encode())
    return await ask(app, "POST", path, [*(headers or (JSON,)), length], [body], **options)
