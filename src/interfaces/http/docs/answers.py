"""Declarations of successful answers for the OpenAPI document, for handlers whose return type does not show them."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    Example,
    OpenAPIHeader,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Schema,
)
from litestar.response.base import ASGIResponse

Responses = Mapping[int, ResponseSpec]


def json_response(content: type[msgspec.Struct], status: int = 200) -> Responses:
    """Describe an answer that is this struct as JSON. For a handler's `responses`."""
    return {status: ResponseSpec(content, generate_examples=False)}


def text_response(media_type: str = "text/plain", example: ASGIResponse | None = None) -> Responses:
    """Describe an answer that is text of this media type. For a handler's `responses`."""
    examples = [Example(value=example.body.decode())] if example is not None else None
    return {200: ResponseSpec(str, generate_examples=False, media_type=media_type, examples=examples)}


@dataclass
class ConditionalGet(Operation):
    """Describes a GET with `If-None-Match` in the OpenAPI document: its answers have an ETag, one of them is 304."""

    def __post_init__(self) -> None:
        self.add_request_header("If-None-Match", "The ETag of the document that the client has already.")
        self.responses = {**(self.responses or {}), "304": OpenAPIResponse(description="Not Modified")}
        self.add_response_header("ETag", "Identifies the present version of the document.")

    def add_request_header(self, name: str, description: str) -> None:
        """Add an optional header to the requests of the operation."""
        header = Parameter(name=name, param_in="header", description=description, required=False, schema=text_schema())
        self.parameters = [*(self.parameters or ()), header]

    def add_response_header(self, name: str, description: str) -> None:
        """Add a header to every response of the operation."""
        for response in (self.responses or {}).values():
            if isinstance(response, OpenAPIResponse):
                response.headers = {
                    **(response.headers or {}),
                    name: OpenAPIHeader(description=description, schema=text_schema()),
                }


def text_schema() -> Schema:
    """Return the schema of any text."""
    return Schema(type=OpenAPIType.STRING)
