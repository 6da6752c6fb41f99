"""How a body becomes a struct."""

import functools
import re
from typing import Any

import msgspec
from litestar import Request

from doorward.interfaces.http.edge.body import BODY
from doorward.interfaces.http.errors.refusals import Malformed

PLACE = re.compile(r"^(?P<what>.*) - at `\$\.?(?P<field>[^`]*)`$", re.DOTALL)
MISSING = re.compile(r"^Object missing required field `(?P<field>[^`]*)`$", re.DOTALL)
UNKNOWN = re.compile(r"^Object contains unknown field `(?P<field>.*)`$", re.DOTALL)
LONGEST_SHOWN = 64


class StrictRequest(Request[Any, Any, Any]):
    """Decodes a JSON body straight into the struct that the handler declares as `data`.

    Litestar would decode it into plain objects and convert those leniently ("true" would be true).
    """

    async def body(self) -> bytes:
        """As the edge has read and checked it, so that nobody reads it again."""
        return bytes(self.scope["state"].get(BODY, b""))

    async def json(self) -> Any:
        """Raise Malformed."""
        data = self.route_handler.parsed_data_field
        try:
            return decoder(data.annotation if data is not None else Any).decode(await self.body())
        except msgspec.ValidationError as error:
            raise Malformed((field_error(str(error)),)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed from error


@functools.cache
def decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_)


def field_error(message: str) -> dict[str, str]:
    """What msgspec says, as a member of `errors`: names and types, never a value that was sent."""
    place = PLACE.match(message)
    what, inside = (place["what"], place["field"]) if place else (message, "")
    for pattern, text in ((MISSING, "This member is required."), (UNKNOWN, "There is no such member.")):
        if found := pattern.match(what):
            name = found["field"][:LONGEST_SHOWN]
            return {"field": f"{inside}.{name}" if inside else name, "message": text}
    return {"field": inside, "message": discreet(what)}


def discreet(message: str) -> str:
    """Without the value that msgspec would quote, and without our regular expressions."""
    if message.startswith("Invalid"):
        return "This value is not one of those that are allowed."
    if " matching regex " in message:
        return "This text holds characters that are not allowed here."
    return message.replace("`", "")
