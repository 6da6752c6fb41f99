"""Answers that never change, encoded once."""

from collections.abc import Mapping
from typing import Any, final

import msgspec
from litestar.response.base import ASGIResponse
from litestar.types import Message, Receive, Scope, Send


@final
class Prepared(ASGIResponse):
    """Litestar would put together the same two messages each time that it is sent."""

    __slots__ = ("_messages",)

    def __init__(self, **parts: Any) -> None:
        """`parts` as an ASGIResponse takes them."""
        super().__init__(**parts)
        self._messages: tuple[Message, Message] = (
            {"type": "http.response.start", "status": self.status_code, "headers": self.encode_headers()},
            {"type": "http.response.body", "body": self.body, "more_body": False},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 as ASGI calls it
        for message in self._messages:
            await send(message)


def text_answer(text: str) -> Prepared:
    return Prepared(body=text, media_type="text/plain")


def json_answer(content: msgspec.Struct) -> Prepared:
    return Prepared(body=msgspec.json.encode(content), media_type="application/json")


def file_answer(body: bytes, media_type: str, headers: Mapping[str, str]) -> Prepared:
    return Prepared(body=body, media_type=media_type, headers=dict(headers))
