"""The ASGI messages of one request and its answer, between the server and the application."""

from collections.abc import Iterable
from typing import Final, final

from litestar.types import HTTPScope, Message, Receive, ReceiveMessage, Send
from litestar.types.asgi_types import HTTPResponseBodyEvent, HTTPResponseStartEvent

from doorward.interfaces.http.edge.large_answers import MAX_WHOLE_BYTES, LargeAnswers
from doorward.interfaces.http.edge.request_headers import HEADERS_BY_NAME, Header
from doorward.interfaces.http.edge.response_headers import ResponseHeaders
from doorward.interfaces.http.errors.answers import Answer
from doorward.interfaces.http.errors.problems import PROBLEM_MEDIA_TYPE

CONTENT_TYPE: Final = (b"content-type", PROBLEM_MEDIA_TYPE.encode())
NO_BODY: Final[HTTPResponseBodyEvent] = {"type": "http.response.body", "body": b"", "more_body": False}


@final
class RequestResponseCycle:
    """Gives the application the body that was read, and completes the headers of its answer.

    The start of an answer is sent together with its first byte, so that an exception between the two can still be
    answered with 500.
    """

    __slots__ = (
        "_body_was_returned",
        "_is_head",
        "_large_answers",
        "_response_headers",
        "_scope",
        "_send",
        "_start",
        "answered",
        "body",
        "client_left",
        "receive_from_server",
        "status",
    )

    def __init__(
        self,
        scope: HTTPScope,
        receive: Receive,
        send: Send,
        response_headers: ResponseHeaders,
        large_answers: LargeAnswers,
    ) -> None:
        self._scope = scope
        self.receive_from_server = receive
        self._send = send
        self._response_headers = response_headers
        self._large_answers = large_answers
        self._start: HTTPResponseStartEvent | None = None
        self._is_head = scope["method"] == "HEAD"
        self._body_was_returned = False
        self.answered = False
        """True once the answer has been sent completely."""
        self.client_left = False
        """True once sending has failed."""
        self.body = b""
        self.status = 0
        """The status of the answer, once its start has been sent; 0 before."""

    async def receive(self) -> ReceiveMessage:
        """Return the body that was read, and from the second call on what the server receives."""
        if self._body_was_returned:
            return await self.receive_from_server()
        self._body_was_returned = True
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Message) -> None:
        """Send a message of the application's answer. Messages after the end of the answer are dropped. A large body is
        sent in chunks. Raise TooManyLargeAnswers, before anything was sent, if there is no room for it."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body" or self.answered:
            return
        if self._is_head:  # an answer to HEAD has no body
            message = NO_BODY
        if len(message["body"]) > MAX_WHOLE_BYTES:
            await self._send_in_chunks(message)
            return
        start, self._start = self._start, None
        try:
            if start is not None:
                state = self._scope["state"]
                request_id, origin = state["request_id"], state[HEADERS_BY_NAME].get(b"origin")
                headers = self._response_headers.complete(start["headers"], request_id, origin)
                await self._send({"type": "http.response.start", "status": start["status"], "headers": headers})
                self.status = start["status"]
            await self._send(message)
        except OSError:
            self.client_left = True
            raise
        self.answered = not message.get("more_body", False)

    async def _send_in_chunks(self, message: HTTPResponseBodyEvent) -> None:
        try:
            await self._large_answers.send(message, self._scope, self.send)
        except TimeoutError:
            self.client_left = True
            raise

    async def respond_with(self, answer: Answer) -> None:
        """Send an error answer in the application's place."""
        given = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        length = (b"content-length", str(len(answer.body)).encode())
        await self.respond(answer.status, [*given, CONTENT_TYPE, length], answer.body)

    async def respond(self, status: int, headers: Iterable[Header], body: bytes = b"") -> None:
        """Send an answer in the application's place."""
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})
