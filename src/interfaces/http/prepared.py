"""Answers that never change, encoded once."""

from collections.abc import Iterable, Mapping

import msgspec
from litestar.response.base import ASGIResponse


def text_answer(text: str) -> ASGIResponse:
    return ASGIResponse(body=text, media_type="text/plain")


def json_answer(content: msgspec.Struct) -> ASGIResponse:
    return ASGIResponse(body=msgspec.json.encode(content), media_type="application/json")


def file_answer(body: bytes, media_type: str, headers: Mapping[str, str]) -> ASGIResponse:
    return ASGIResponse(body=body, media_type=media_type, headers=dict(headers))


def methods_answer(methods: Iterable[str]) -> ASGIResponse:
    return ASGIResponse(status_code=204, headers={"Allow": ", ".join(sorted(methods))})
