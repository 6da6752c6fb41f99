"""Decodes a JSON body into the struct of the route handler."""

import functools
from typing import Any

import msgspec
from litestar import Request

from doorward.interfaces.http.edge.body import BODY
from doorward.interfaces.http.errors.field_errors import body_error
from doorward.interfaces.http.errors.refusals import Malformed


class StrictJsonRequest(Request[Any, Any, Any]):
    """Decodes a JSON body directly into the struct that the route handler declares as `data`.

    Litestar would decode it into plain objects and convert those leniently: "true" would become true.
    """

    async def body(self) -> bytes:
        """Return the body that the edge has read and checked; it is not read a second time."""
        return bytes(self.scope["state"].get(BODY, b""))

    async def json(self) -> Any:
        """Return the struct. Raise Malformed."""
        data = self.route_handler.parsed_data_field
        try:
            return decoder(data.annotation if data is not None else Any).decode(await self.body())
        except msgspec.ValidationError as error:
            raise Malformed((body_error(str(error)),)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed from error


@functools.cache
def decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    """Return the decoder of that type. It is made once."""
    return msgspec.json.Decoder(type_)
