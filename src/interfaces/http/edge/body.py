"""Rules for bodies: they are read completely and in time, and checked before the application parses them."""

import asyncio
from typing import Final

from litestar.types import HTTPScope, Receive

from doorward.encoding.strict_json import InvalidJson, parse_object
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.forms import InvalidForm, form_to_json
from doorward.interfaces.http.edge.part_limits import MAX_JSON_VALUES, MAX_SMALL_CHUNKS, SMALL_CHUNK_BYTES
from doorward.interfaces.http.edge.request_headers import Header, HeadersByName
from doorward.interfaces.http.errors.dialects import Dialect
from doorward.interfaces.http.errors.problems import OAUTH_ROUTES
from doorward.interfaces.http.errors.refusals import (
    BodyIncomplete,
    BodyTooLarge,
    BodyTooSlow,
    InvalidFormBody,
    InvalidJsonBody,
    JsonBodyRequired,
    JsonOrFormBodyRequired,
    UnsupportedContentEncoding,
)

FORM_ROUTES: Final = frozenset({b"/api/auth/signup", b"/api/auth/signin", b"/api/auth/refreshtoken"}) | OAUTH_ROUTES
"""The paths to which a POST may send a form, as clients of the tutorial and OAuth clients do."""

BODY: Final = "body"
"""The key in a request's state under which the edge stores the body for the application."""

JSON: Final = b"application/json"
FORM: Final = b"application/x-www-form-urlencoded"
UTF_8: Final = frozenset({b"charset=utf-8", b'charset="utf-8"'})

MAX_DISCARDED_BYTES: Final = 1 << 20
"""So much of an oversize body is read and dropped. Otherwise the client might not receive the answer."""

MAX_DISCARD_SECONDS: Final = 0.25


async def receive_body(
    scope: HTTPScope, by_name: HeadersByName, receive: Receive, config: HttpConfig, dialect: Dialect
) -> bytes:
    """Return the body for the application: strict JSON, or empty. A form is converted to JSON, and the headers of
    `scope` are changed accordingly. Raise a refusal."""
    declared_bytes = int(by_name.get(b"content-length", b"0"))
    if declared_bytes > max(config.max_body_bytes, MAX_DISCARDED_BYTES):
        raise BodyTooLarge
    body = await read_body(receive, declared_bytes, config)
    if not body:
        return body
    if b"content-encoding" in by_name:
        raise UnsupportedContentEncoding
    try:
        return body_as_json(scope, by_name, body, dialect)
    except InvalidJson as error:
        raise InvalidJsonBody(str(error)) from error
    except InvalidForm as error:
        raise InvalidFormBody(str(error)) from error


def body_as_json(scope: HTTPScope, by_name: HeadersByName, body: bytes, dialect: Dialect) -> bytes:
    """Return the body as strict JSON. Raise InvalidJson, InvalidForm, JsonBodyRequired or JsonOrFormBodyRequired."""
    takes_forms = scope["raw_path"] in FORM_ROUTES and scope["method"] == "POST"
    media_type = media_type_of(by_name.get(b"content-type", b""))
    if media_type == JSON:
        parse_object(body, max_values=MAX_JSON_VALUES)
        return body
    if media_type == FORM and takes_forms:
        return replace_body(scope, form_to_json(body, dialect.lists_in_forms))
    raise JsonOrFormBodyRequired if takes_forms else JsonBodyRequired


async def read_body(receive: Receive, declared_bytes: int, config: HttpConfig) -> bytes:
    """Return at most `max_body_bytes`, read within `body_timeout_seconds`. Raise BodyTooLarge, BodyTooSlow or
    BodyIncomplete: a server sends `http.disconnect` both when the client has left and when chunks are malformed.

    An oversize body is read for at most MAX_DISCARD_SECONDS, and dropped. A body in more than MAX_SMALL_CHUNKS is
    too large, whatever its size.
    """
    chunks: list[bytes] = []
    size_bytes = small_chunks = 0
    oversize = False
    try:
        async with asyncio.timeout(config.body_timeout_seconds) as deadline:
            while True:
                if not oversize and max(size_bytes, declared_bytes) > config.max_body_bytes:
                    oversize = True
                    chunks.clear()
                    deadline.reschedule(asyncio.get_running_loop().time() + MAX_DISCARD_SECONDS)
                message = await receive()
                if message["type"] != "http.request":
                    raise BodyIncomplete
                chunk = message.get("body", b"")
                size_bytes += len(chunk)
                small_chunks += len(chunk) < SMALL_CHUNK_BYTES
                if small_chunks > MAX_SMALL_CHUNKS:
                    raise BodyTooLarge(f"The body has more than {MAX_SMALL_CHUNKS} chunks of few bytes.")
                if not oversize:
                    chunks.append(chunk)
                if not message.get("more_body") or size_bytes > MAX_DISCARDED_BYTES:
                    break
    except TimeoutError as error:
        raise (BodyTooLarge if oversize else BodyTooSlow) from error
    if oversize or size_bytes > config.max_body_bytes:
        raise BodyTooLarge
    return b"".join(chunks)


def media_type_of(content_type: bytes) -> bytes:
    """Return the media type in lower case if its only parameter, if any, is `charset=utf-8`; else nothing."""
    if content_type in {JSON, FORM}:
        return content_type
    media_type, semicolon, parameter = content_type.lower().partition(b";")
    if semicolon and parameter.strip() not in UTF_8:
        return b""
    return media_type.strip()


def replace_body(scope: HTTPScope, body: bytes) -> bytes:
    """Change the headers of `scope` to describe this JSON body, and return it."""
    kept: list[Header] = [
        header for header in scope["headers"] if header[0] not in {b"content-type", b"content-length"}
    ]
    scope["headers"] = [*kept, (b"content-type", JSON), (b"content-length", str(len(body)).encode())]
    return body
