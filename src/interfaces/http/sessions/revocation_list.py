"""The route of the revocation list, with which other services reject tokens before the tokens expire."""

import asyncio
import re
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from dishka import FromDishka
from litestar import Request, get
from litestar.openapi.spec import OpenAPIResponse
from litestar.params import QueryParameter
from litestar.response.base import ASGIResponse
from litestar.types import Receive

from doorward.application.change_feed.revocation_publisher import RevocationPublisher
from doorward.application.ports.security import SecurityLog
from doorward.application.services.authenticate_client import AuthenticateClient
from doorward.domain.errors import InvalidClient, RevocationsIncomplete
from doorward.interfaces.http.docs.answers import ConditionalGet, text_response
from doorward.interfaces.http.edge.addresses import subscriber_of
from doorward.interfaces.http.edge.part_limits import MAX_PREFERENCES
from doorward.interfaces.http.edge.request_headers import Header
from doorward.interfaces.http.errors.refusals import HeadersTooLarge, TooManyLargeAnswers
from doorward.interfaces.http.security.access import PUBLIC, SERVICE
from doorward.interfaces.http.security.guard import record_refusal
from doorward.interfaces.http.security.http_basic import BASIC, client_credentials
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.wire.cached_document import has_tag

REVOCATIONS_MEDIA_TYPE: Final = "application/jwt"
MAX_WAIT_SECONDS: Final = 30

WAIT_PREFERENCE: Final = re.compile(rb'(?:^|,)\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?=[;,]|$)', re.IGNORECASE)

SINCE_DESCRIPTION: Final = "The `cursor` of the last list that the client has read, for an answer with what is new."


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
        "refusals": (InvalidClient, RevocationsIncomplete, TooManyLargeAnswers),
    },
    responses=text_response(REVOCATIONS_MEDIA_TYPE),
    operation_class=ConditionalWait,
)
@inject
async def revocations(
    request: Request[Any, Any, Any],
    publisher: FromDishka[RevocationPublisher],
    authenticate: FromDishka[AuthenticateClient],
    log: FromDishka[SecurityLog],
    since: Annotated[str | None, QueryParameter(description=SINCE_DESCRIPTION)] = None,
) -> ASGIResponse:
    """A JWT of type `revocations+jwt`, signed with a key of the key set. It lists `sessions` by `sid`, `accounts` by
    `sub` with the first `epoch` that is valid again. Each entry can be dropped after its `exp`. The answer has an ETag;
    with `If-None-Match` it is 304 while the list is the same. With `Prefer: wait=SECONDS` (RFC 7240; at most 30) as
    well, the service waits that long for a new list before it answers."""
    headers = request.scope["headers"]
    tag, seconds, answer_headers = publisher.tag(), seconds_to_wait(headers), {}
    if seconds and has_tag(entity_tag(tag), headers):
        address = await address_to_count(request, authenticate, log)
        if publisher.has_room(address):
            await wait_for_change(publisher.changed(tag, seconds, address), request.receive)
            tag, answer_headers = publisher.tag(), {"Preference-Applied": f"wait={seconds}"}
    if has_tag(entity_tag(tag), headers):
        return ASGIResponse(status_code=304, headers=validators(tag) | answer_headers)
    published = await publisher.list(since)
    answer_headers |= validators(published.tag)
    return ASGIResponse(body=published.signed, media_type=REVOCATIONS_MEDIA_TYPE, headers=answer_headers)


async def address_to_count(
    request: Request[Any, Any, Any], authenticate: AuthenticateClient, log: SecurityLog
) -> str | None:
    """Return the address that the waiting request counts for, or None for a registered service. Raise InvalidClient for
    Basic credentials that are wrong. Those of another scheme are ignored, as on every public route."""
    headers = request.scope["headers"]
    if not any(name == b"authorization" and value[: len(BASIC)].lower() == BASIC for name, value in headers):
        return subscriber_of(request.scope["state"]["ip"])
    try:
        await authenticate(*client_credentials(headers))
    except InvalidClient as refusal:
        record_refusal(log, request.scope, SERVICE, refusal.code)
        raise
    return None


def validators(tag: str) -> dict[str, str]:
    """Return the headers of every answer. The tag is weak: two nodes publish the same list, but each makes its own
    signature."""
    return {"Cache-Control": "no-cache", "ETag": f"W/{entity_tag(tag).decode()}"}


def entity_tag(tag: str) -> bytes:
    """Return the tag of a list with its quotation marks and without the prefix of a weak tag."""
    return f'"{tag}"'.encode()


def seconds_to_wait(headers: Iterable[Header]) -> int:
    """Return how long a client wants to wait, at most MAX_WAIT_SECONDS; 0 without a preference, and for one that is not
    understood (RFC 7240, section 2). Raise HeadersTooLarge for more than MAX_PREFERENCES."""
    preferences = b",".join(value for name, value in headers if name == b"prefer")
    if preferences.count(b",") >= MAX_PREFERENCES:
        raise HeadersTooLarge(f"Prefer has more than {MAX_PREFERENCES} preferences.")
    wait = WAIT_PREFERENCE.search(preferences)
    return min(int(wait[1]), MAX_WAIT_SECONDS) if wait else 0


async def wait_for_change(change: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Return after the change. Stop waiting if the client disconnects."""
    waiting = asyncio.create_task(change)
    disconnected = asyncio.create_task(wait_for_disconnect(receive))
    try:
        await asyncio.wait((waiting, disconnected), return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            waiting.result()
    finally:
        waiting.cancel()
        disconnected.cancel()


async def wait_for_disconnect(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
