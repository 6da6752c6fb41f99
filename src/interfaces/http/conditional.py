"""Documents that are fetched again and again: who has the present one already is told so (RFC 9110, section 13.1.2)."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Self, final

from litestar.openapi.spec import OpenAPIHeader, OpenAPIResponse, OpenAPIType, Operation, Parameter, Schema
from litestar.response.base import ASGIResponse

from doorward.interfaces.http.edge.request_headers import Header

TAG = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
"""An entity tag. What is weak about it makes no difference to If-None-Match."""


@final
@dataclass(frozen=True, slots=True)
class CachedDocument:
    """A public document, encoded once, with a strong tag of its bytes."""

    tag: bytes
    whole: ASGIResponse
    unchanged: ASGIResponse

    @classmethod
    def of(cls, body: bytes, media_type: str, cache_control: str) -> Self:
        tag = f'"{urlsafe_b64encode(sha256(body).digest()[:18]).decode()}"'
        headers = {"Cache-Control": cache_control, "ETag": tag}
        whole = ASGIResponse(body=body, media_type=media_type, headers=headers)
        return cls(tag.encode(), whole, ASGIResponse(status_code=304, headers=headers))

    def answer(self, headers: Iterable[Header]) -> ASGIResponse:
        """To a request with these headers."""
        return self.unchanged if is_known(self.tag, headers) else self.whole


def is_known(tag: bytes, headers: Iterable[Header]) -> bool:
    """Whether who sends these headers has the document of that tag, which is written with its quotation marks."""
    known = b",".join(value for name, value in headers if name == b"if-none-match")
    return known.strip() == b"*" or tag in TAG.findall(known)


@dataclass
class ConditionalGet(Operation):
    """Describes a GET with `If-None-Match` in the OpenAPI document: its answers have an ETag, one of them is 304."""

    def __post_init__(self) -> None:
        self.add_request_header("If-None-Match", "The ETag of the document that the client has already.")
        self.responses = {**(self.responses or {}), "304": OpenAPIResponse(description="Not Modified")}
        self.add_response_header("ETag", "Identifies the present version of the document.")

    def add_request_header(self, name: str, description: str) -> None:
        header = Parameter(name=name, param_in="header", description=description, required=False, schema=text())
        self.parameters = [*(self.parameters or ()), header]

    def add_response_header(self, name: str, description: str) -> None:
        for response in (self.responses or {}).values():
            if isinstance(response, OpenAPIResponse):
                response.headers = {
                    **(response.headers or {}),
                    name: OpenAPIHeader(description=description, schema=text()),
                }


def text() -> Schema:
    return Schema(type=OpenAPIType.STRING)
