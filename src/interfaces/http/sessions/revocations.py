"""The route of the revocation list, by which other services reject tokens before these expire."""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from dishka import FromDishka
from dishka.integrations.litestar import inject
from litestar import Request, get
from litestar.openapi.spec import OpenAPIResponse
from litestar.response.base import ASGIResponse
from litestar.types import Receive

from doorward.application.change_feed.revocation_publisher import RevocationList, RevocationPublisher
from doorward.domain.errors import RevocationsIncomplete
from doorward.interfaces.http.conditional import is_known
from doorward.interfaces.http.docs.answers import ConditionalGet, text_response
from doorward.interfaces.http.edge.request_headers import Header
from doorward.interfaces.http.security.guard import PUBLIC

MEDIA_TYPE: Final = "application/jwt"
LONGEST_WAIT: Final = 30
"""Seconds."""

LARGE: Final = 256 * 1024
"""Bytes; of such answers there is one per connection, since each is in memory until the client has read it."""

WAIT: Final = re.compile(rb'(?:^|,)\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?=[;,]|$)', re.IGNORECASE)


@dataclass
class ConditionalWait(ConditionalGet):
    """Describes the operation in the OpenAPI document. `text/*` is listed beside the media type for
    openapi-python-client, which generates no answer for a media type that it does not know."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.add_request_header(
            "Prefer", "`wait=SECONDS`, at most 30: answer when the list changes, or after that time."
        )
        self.add_response_header("Preference-Applied", "`wait=SECONDS`, when the answer has waited.")
        success = (self.responses or {})["200"]
        if isinstance(success, OpenAPIResponse) and success.content:
            success.content["text/*"] = success.content[MEDIA_TYPE]


@get(
    "/.well-known/revocations",
    operation_id="revocations",
    summary="Get the sessions and accounts whose tokens must be rejected",
    tags=["Discovery"],
    opt={
        "access": PUBLIC,
        "refusals": (RevocationsIncomplete,),
    },
    responses=text_response(MEDIA_TYPE),
    operation_class=ConditionalWait,
)
@inject
async def revocations(request: Request[Any, Any, Any], publisher: FromDishka[RevocationPublisher]) -> ASGIResponse:
    """A JWT of type `revocations+jwt`, signed with a key of the key set. It lists `sessions` by `sid`, `accounts` by
    `sub` with the first `epoch` that is valid again. Each entry can be dropped after its `exp`. The answer has an ETag;
    with `If-None-Match` it is 304 while the list is the same. With `Prefer: wait=SECONDS` (RFC 7240; at most 30) as
    well, the service waits that long for a new list before it answers."""
    headers = request.scope["headers"]
    published = publisher.current()
    seconds = seconds_to_wait(headers)
    if not seconds or not publisher.has_room or not is_known(quoted(published), headers):
        return answer(published, headers)
    published = await unless_gone(publisher, published, seconds, request.receive)
    return answer(published, headers, {"Preference-Applied": f"wait={seconds}"})


def answer(published: RevocationList, headers: Iterable[Header], more: dict[str, str] | None = None) -> ASGIResponse:
    """The tag is a weak one: two nodes list the same, but each signs for itself."""
    own = {"Cache-Control": "no-cache", "ETag": f"W/{quoted(published).decode()}", **(more or {})}
    if is_known(quoted(published), headers):
        return ASGIResponse(status_code=304, headers=own)
    if len(published.signed) > LARGE:
        own["Connection"] = "close"
    return ASGIResponse(body=published.signed, media_type=MEDIA_TYPE, headers=own)


def quoted(published: RevocationList) -> bytes:
    return f'"{published.tag}"'.encode()


def seconds_to_wait(headers: Iterable[Header]) -> int:
    """What a client prefers, as far as it is granted; 0 for what we do not understand (RFC 7240, section 2)."""
    preferences = b",".join(value for name, value in headers if name == b"prefer")
    wait = WAIT.search(preferences)
    return min(int(wait[1]), LONGEST_WAIT) if wait else 0


async def unless_gone(
    publisher: RevocationPublisher, known: RevocationList, seconds: int, receive: Receive
) -> RevocationList:
    """What there is after waiting; a client that leaves frees its place."""
    waiting = asyncio.create_task(publisher.after(known.tag, seconds))
    leaving = asyncio.create_task(departure(receive))
    try:
        await asyncio.wait((waiting, leaving), return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else known
    finally:
        waiting.cancel()
        leaving.cancel()


async def departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
