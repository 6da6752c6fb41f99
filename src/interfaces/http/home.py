"""What stands at the front door."""

from litestar import get
from litestar.response.base import ASGIResponse

from interfaces.http.auth import Message
from interfaces.http.guard import PUBLIC
from interfaces.http.prepared import json_answer

WELCOME = json_answer(Message(message="Welcome to the Doorward authentication API."))


@get(
    "/",
    operation_id="welcome",
    summary="Who is here",
    tags=["Operations"],
    opt={"access": PUBLIC, "answer": Message},
)
async def welcome() -> ASGIResponse:
    """A friendly word."""
    return WELCOME
