"""Bodies: read whole and in time, of one media type, and checked before any parser of the application sees them."""

import asyncio
from typing import Final

from litestar.types import HTTPScope, Receive

from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.forms import InvalidForm, form_to_json
from doorward.interfaces.http.edge.request_headers import Fields, Header
from doorward.interfaces.http.edge.strict_json import InvalidJson, check_json
from doorward.interfaces.http.errors.problems import OAUTH_ROUTES, Refusal

FORM_ROUTES: Final = frozenset({b"/api/auth/signup", b"/api/auth/signin"}) | OAUTH_ROUTES
"""Where a POST may carry a form, as the tutorial's clients and those of OAuth send it."""

BODY: Final = "body"
"""The key in a request's state under which the edge leaves its body to the application."""

JSON: Final = b"application/json"
FORM: Final = b"application/x-www-form-urlencoded"
UTF_8: Final = frozenset({b"charset=utf-8", b'charset="utf-8"'})

DISCARDED: Final = 1 << 20
"""Bytes of an oversize body that are read and thrown away, so that the client gets to see the answer."""

DISCARD_SECONDS: Final = 0.25

TOO_LARGE = Refusal(413, "body_too_large", "The body is too large.", closes=True)
TOO_SLOW = Refusal(408, "body_too_slow", "The body did not arrive in time.", closes=True)
INCOMPLETE = Refusal(400, "incomplete_body", "The body is incomplete or its chunks are malformed.", closes=True)
ENCODED = Refusal(
    415, "unsupported_content_encoding", "Send the body as it is, not compressed.", ((b"accept-encoding", b"identity"),)
)
NOT_JSON = Refusal(415, "unsupported_media_type", "Send the body as application/json.", ((b"accept-post", JSON),))
NOT_JSON_OR_FORM = Refusal(
    415, NOT_JSON.code, "Send the body as application/json.", ((b"accept-post", JSON + b", " + FORM),)
)


async def receive_body(scope: HTTPScope, fields: Fields, receive: Receive, config: HttpConfig) -> bytes | Refusal:
    """The body as the application shall have it: strict JSON, or empty. A form has become JSON, and the headers of
    `scope` say so."""
    declared = int(fields.get(b"content-length", b"0"))
    if declared > max(config.body_limit, DISCARDED):
        return TOO_LARGE
    body = await read(receive, declared, config)
    if isinstance(body, Refusal) or not body:
        return body
    if b"content-encoding" in fields:
        return ENCODED
    try:
        return decoded(scope, fields, body)
    except InvalidJson as error:
        return Refusal(400, "invalid_json", str(error))
    except InvalidForm as error:
        return Refusal(400, "invalid_form", str(error))


def decoded(scope: HTTPScope, fields: Fields, body: bytes) -> bytes | Refusal:
    takes_forms = scope["raw_path"] in FORM_ROUTES and scope["method"] == "POST"
    media_type = essence(fields.get(b"content-type", b""))
    if media_type == JSON:
        check_json(body)
        return body
    if media_type == FORM and takes_forms:
        return become_json(scope, form_to_json(body))
    return NOT_JSON_OR_FORM if takes_forms else NOT_JSON


async def read(receive: Receive, declared: int, config: HttpConfig) -> bytes | Refusal:
    """At most `body_limit` bytes within `body_seconds`. More is read for a moment, but not kept. A server says
    `http.disconnect` both when the client is gone and when chunks are malformed."""
    chunks: list[bytes] = []
    size = 0
    oversize = False
    try:
        async with asyncio.timeout(config.body_seconds) as deadline:
            while True:
                if not oversize and max(size, declared) > config.body_limit:
                    oversize = True
                    chunks.clear()
                    deadline.reschedule(asyncio.get_running_loop().time() + DISCARD_SECONDS)
                message = await receive()
                if message["type"] != "http.request":
                    return INCOMPLETE
                chunk = message.get("body", b"")
                size += len(chunk)
                if not oversize:
                    chunks.append(chunk)
                if not message.get("more_body") or size > DISCARDED:
                    break
    except TimeoutError:
        return TOO_LARGE if oversize else TOO_SLOW
    return TOO_LARGE if oversize or size > config.body_limit else b"".join(chunks)


def essence(content_type: bytes) -> bytes:
    """The media type, provided that its only parameter, if any, is `charset=utf-8`; else nothing."""
    if content_type in {JSON, FORM}:
        return content_type
    media_type, semicolon, parameter = content_type.lower().partition(b";")
    if semicolon and parameter.strip() not in UTF_8:
        return b""
    return media_type.strip()


def become_json(scope: HTTPScope, body: bytes) -> bytes:
    kept: list[Header] = [
        header for header in scope["headers"] if header[0] not in {b"content-type", b"content-length"}
    ]
    scope["headers"] = [*kept, (b"content-type", JSON), (b"content-length", str(len(body)).encode())]
    return body
