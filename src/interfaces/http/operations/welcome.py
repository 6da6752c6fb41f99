"""The route of the start page."""

from typing import Final

import msgspec
from litestar import get
from litestar.response.base import ASGIResponse

from doorward.interfaces.http.docs.answers import json_response
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.wire.message import Message

WELCOME: Final = ASGIResponse(body=msgspec.json.encode(Message(message="Welcome to the Doorward authentication API.")))


@get(
    "/",
    operation_id="welcome",
    summary="Get the name of the service",
    tags=["Operations"],
    opt={"access": PUBLIC},
    responses=json_response(Message),
)
async def welcome() -> ASGIResponse:
    """A short message that names the service."""
    return WELCOME
