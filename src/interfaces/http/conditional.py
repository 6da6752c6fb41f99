"""Conditional GETs: a client that has the present version of a document gets 304 (RFC 9110, section 13.1.2)."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Self, final

from litestar.response.base import ASGIResponse

from doorward.interfaces.http.edge.request_headers import Header

TAG = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
"""An entity tag. If-None-Match compares weak and strong tags alike."""


@final
@dataclass(frozen=True, slots=True)
class CachedDocument:
    """A public document, encoded once, with a strong entity tag: a digest of its bytes."""

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
        """Return the answer to a request with these headers: the document, or 304."""
        return self.unchanged if is_known(self.tag, headers) else self.whole


def is_known(tag: bytes, headers: Iterable[Header]) -> bool:
    """Return whether `If-None-Match` names this tag, which includes its quotation marks."""
    known = b",".join(value for name, value in headers if name == b"if-none-match")
    return known.strip() == b"*" or tag in TAG.findall(known)
