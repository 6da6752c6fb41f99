"""Documents that clients request repeatedly. A client with the present version gets 304 (RFC 9110, section 13.1.2)."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self, final

from litestar.response.base import ASGIResponse

from doorward.interfaces.http.edge.part_limits import MAX_ENTITY_TAGS
from doorward.interfaces.http.edge.request_headers import Header
from doorward.interfaces.http.errors.refusals import HeadersTooLarge

ENTITY_TAG = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
"""If-None-Match compares weakly, so that the prefix of a weak tag makes no difference."""

ENTITY_TAG_BYTES: Final = 18


@final
@dataclass(frozen=True, slots=True)
class CachedDocument:
    """A public document, encoded once, with a strong tag computed from its bytes. Pages of every origin may read it."""

    tag: bytes
    whole: ASGIResponse
    not_modified: ASGIResponse

    @classmethod
    def of(cls, body: bytes, media_type: str, cache_control: str) -> Self:
        """Return the document with that body."""
        tag = f'"{urlsafe_b64encode(sha256(body).digest()[:ENTITY_TAG_BYTES]).decode()}"'
        headers = {"Cache-Control": cache_control, "ETag": tag, "Access-Control-Allow-Origin": "*"}
        whole = ASGIResponse(body=body, media_type=media_type, headers=headers)
        return cls(tag.encode(), whole, ASGIResponse(status_code=304, headers=headers))

    def answer(self, headers: Iterable[Header]) -> ASGIResponse:
        """Return the document, or 304 for a request whose headers have its tag."""
        return self.not_modified if has_tag(self.tag, headers) else self.whole


def has_tag(tag: bytes, headers: Iterable[Header]) -> bool:
    """Return whether a request with these headers has the version with that tag, which includes its quotation marks.
    Raise HeadersTooLarge for more than MAX_ENTITY_TAGS."""
    known = b",".join(value for name, value in headers if name == b"if-none-match")
    if known.count(b'"') > 2 * MAX_ENTITY_TAGS:
        raise HeadersTooLarge(f"If-None-Match has more than {MAX_ENTITY_TAGS} entity tags.")
    return known.strip() == b"*" or tag in ENTITY_TAG.findall(known)
