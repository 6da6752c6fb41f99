"""What a successful answer holds, for the OpenAPI document, where the handler's return type does not say it."""

from collections.abc import Mapping

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.response.base import ASGIResponse

Responses = Mapping[int, ResponseSpec]


def json_response(content: type[msgspec.Struct], status: int = 200) -> Responses:
    """Describe an answer that is this struct as JSON. For a handler's `responses`."""
    return {status: ResponseSpec(content, generate_examples=False)}


def text_response(media_type: str = "text/plain", example: ASGIResponse | None = None) -> Responses:
    """Describe an answer that is text of this media type. For a handler's `responses`."""
    examples = [Example(value=example.body.decode())] if example is not None else None
    return {200: ResponseSpec(str, generate_examples=False, media_type=media_type, examples=examples)}
