"""One request and its answer, between the server and the application."""

from collections.abc import Iterable
from typing import Final, final

from litestar.types import HTTPScope, Message, Receive, ReceiveMessage, Send
from litestar.types.asgi_types import HTTPResponseBodyEvent, HTTPResponseStartEvent

from doorward.interfaces.http.edge.request_headers import Header
from doorward.interfaces.http.edge.response_headers import Dressing
from doorward.interfaces.http.errors.problems import MEDIA_TYPE, Refusal, oauth_error, problem_body

CLOSE: Final = (b"connection", b"close")
CONTENT_TYPE: Final = (b"content-type", MEDIA_TYPE.encode())
NO_BODY: Final[HTTPResponseBodyEvent] = {"type": "http.response.body", "body": b"", "more_body": False}


@final
class Exchange:
    """Gives the application the body that was read, and dresses its answer.

    The start of an answer is held back until its first byte, so that an exception between the two is a whole 500.
    """

    __slots__ = (
        "_dressing",
        "_is_head",
        "_origin",
        "_receive",
        "_replayed",
        "_request_id",
        "_scope",
        "_send",
        "_start",
        "answered",
        "body",
        "gone",
        "status",
    )

    def __init__(
        self, scope: HTTPScope, receive: Receive, send: Send, dressing: Dressing, origin: bytes | None
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._dressing = dressing
        self._origin = origin
        self._request_id: str = scope["state"]["request_id"]
        self._start: HTTPResponseStartEvent | None = None
        self._is_head = scope["method"] == "HEAD"
        self._replayed = self.answered = self.gone = False
        self.body = b""
        self.status = 0
        """Of the answer, once it has begun to go out."""

    async def receive(self) -> ReceiveMessage:
        """The body, once; after that whatever the server says."""
        if self._replayed:
            return await self._receive()
        self._replayed = True
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Message) -> None:
        """What the application says of its answer. After the end nothing more goes out."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body" or self.answered:
            return
        start, self._start = self._start, None
        if self._is_head:  # only the headers count, so that the answer ends with its first byte
            message = NO_BODY
        try:
            if start is not None:
                await self._send(self._dressed(start))
                self.status = start["status"]
            await self._send(message)
        except OSError:
            self.gone = True
            raise
        self.answered = not message.get("more_body", False)

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with a problem, in the application's place."""
        error = oauth_error(self._scope["raw_path"], refusal.status)
        body = problem_body(refusal.status, refusal.code, refusal.detail, self._request_id, **error)
        closing = (CLOSE,) if refusal.closes else ()
        length = (b"content-length", str(len(body)).encode())
        await self.answer(refusal.status, [CONTENT_TYPE, length, *refusal.headers, *closing], body)

    async def answer(self, status: int, headers: Iterable[Header], body: bytes = b"") -> None:
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})

    def _dressed(self, start: HTTPResponseStartEvent) -> HTTPResponseStartEvent:
        status = start["status"]
        headers = self._dressing.headers(status, start["headers"], self._request_id, self._origin)
        return {"type": "http.response.start", "status": status, "headers": headers}
