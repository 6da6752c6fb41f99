"""The route of the revocation list, with which other services reject tokens before the tokens expire."""

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
from doorward.interfaces.http.docs.answers import ConditionalGet, text_response
from doorward.interfaces.http.edge.part_limits import MAX_PREFERENCES
from doorward.interfaces.http.edge.request_headers import Header
from doorward.interfaces.http.errors.refusals import HeadersTooLarge
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.wire.cached_document import has_tag

REVOCATIONS_MEDIA_TYPE: Final = "application/jwt"
MAX_WAIT_SECONDS: Final = 30

MAX_KEEP_ALIVE_BYTES: Final = 256 * 1024
"""The connection is closed after a larger answer. The answer stays in memory until the client has read it, and a client
that reads nothing cannot request several of them on one connection."""

WAIT_PREFERENCE: Final = re.compile(rb'(?:^|,)\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?=[;,]|$)', re.IGNORECASE)


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
            success.content["text/*"] = success.content[REVOCATIONS_MEDIA_TYPE]


@get(
    "/.well-known/revocations",
    operation_id="revocations",
    summary="Get the sessions and accounts whose tokens must be rejected",
    tags=["Discovery"],
    opt={
        "access": PUBLIC,
        "refusals": (RevocationsIncomplete,),
    },
    responses=text_response(REVOCATIONS_MEDIA_TYPE),
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
    if not seconds or not publisher.has_room or not has_tag(entity_tag(published), headers):
        return list_answer(published, headers)
    published = await wait_for_change(publisher, published, seconds, request.receive)
    return list_answer(published, headers, {"Preference-Applied": f"wait={seconds}"})


def list_answer(
    published: RevocationList, headers: Iterable[Header], more: dict[str, str] | None = None
) -> ASGIResponse:
    """Return the list, or 304 for a client that has it. The tag is weak: two nodes publish the same list, but each
    makes its own signature."""
    answer_headers = {"Cache-Control": "no-cache", "ETag": f"W/{entity_tag(published).decode()}", **(more or {})}
    if has_tag(entity_tag(published), headers):
        return ASGIResponse(status_code=304, headers=answer_headers)
    if len(published.signed) > MAX_KEEP_ALIVE_BYTES:
        answer_headers["Connection"] = "close"
    return ASGIResponse(body=published.signed, media_type=REVOCATIONS_MEDIA_TYPE, headers=answer_headers)


def entity_tag(published: RevocationList) -> bytes:
    """Return the entity tag of the list, with its quotation marks and without the prefix of a weak tag."""
    return f'"{published.tag}"'.encode()


def seconds_to_wait(headers: Iterable[Header]) -> int:
    """Return how long a client wants to wait, at most MAX_WAIT_SECONDS; 0 without a preference, and for one that is not
    understood (RFC 7240, section 2). Raise HeadersTooLarge for more than MAX_PREFERENCES."""
    preferences = b",".join(value for name, value in headers if name == b"prefer")
    if preferences.count(b",") >= MAX_PREFERENCES:
        raise HeadersTooLarge(f"Prefer has more than {MAX_PREFERENCES} preferences.")
    wait = WAIT_PREFERENCE.search(preferences)
    return min(int(wait[1]), MAX_WAIT_SECONDS) if wait else 0


async def wait_for_change(
    publisher: RevocationPublisher, known: RevocationList, seconds: int, receive: Receive
) -> RevocationList:
    """Return the list after it has changed or the time is over. Stop waiting if the client disconnects."""
    waiting = asyncio.create_task(publisher.after(known.tag, seconds))
    disconnected = asyncio.create_task(wait_for_disconnect(receive))
    try:
        await asyncio.wait((waiting, disconnected), return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else known
    finally:
        waiting.cancel()
        disconnected.cancel()


async def wait_for_disconnect(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
