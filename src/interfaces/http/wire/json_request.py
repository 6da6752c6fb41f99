"""Decodes a JSON body into the struct of the route handler."""

import functools
from typing import Any, final

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


def request_class(lenient_paths: frozenset[bytes]) -> type[StrictJsonRequest]:
    """Return the class of requests for a dialect with these lenient paths.

    On them, members that the struct does not have are ignored, and so are members that are null and may be left out.
    The tutorial's server does so. On every other path a misspelled member is an error.
    """
    if not lenient_paths:
        return StrictJsonRequest

    @final
    class LenientJsonRequest(StrictJsonRequest):
        async def json(self) -> Any:
            """Return the struct. Raise Malformed."""
            data = self.route_handler.parsed_data_field
            if data is None or self.scope["raw_path"] not in lenient_paths:
                return await super().json()
            try:
                return msgspec.convert(known_members(data.annotation, await self.body()), data.annotation)
            except msgspec.ValidationError as error:
                raise Malformed((body_error(str(error)),)) from error
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise Malformed from error

    return LenientJsonRequest


def known_members(struct: type[msgspec.Struct], body: bytes) -> dict[str, Any]:
    """Return the members of a JSON object that the struct has, without those that are null and have a default. Raise
    msgspec.DecodeError unless the body is an object."""
    members = msgspec.json.decode(body, type=dict[str, Any])
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    return {
        name: value
        for name, value in members.items()
        if name in fields and (value is not None or fields[name].required)
    }


@functools.cache
def decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    """Return the decoder of that type. It is made once."""
    return msgspec.json.Decoder(type_)
