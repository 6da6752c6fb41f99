"""The members `errors` of a problem, from the messages of msgspec and Litestar."""

import re
from collections.abc import Mapping
from typing import Any, Final

from doorward.domain.errors import DomainError, Invalid
from doorward.interfaces.http.errors.refusals import FieldErrors, Malformed

PUBLISHED_NAMES: Final = "fields"
"""The key in a route's `opt` under which it maps the field of a refusal to the name of its own member."""

PLACE = re.compile(r"^(?P<what>.*) - at `\$\.?(?P<field>[^`]*)`$", re.DOTALL)
MISSING = re.compile(r"^Object missing required field `(?P<field>[^`]*)`$", re.DOTALL)
UNKNOWN = re.compile(r"^Object contains unknown field `(?P<field>.*)`$", re.DOTALL)
MAX_FIELD_CHARACTERS = 64


def field_errors(refusal: DomainError, opt: Mapping[str, Any]) -> FieldErrors:
    """Return what a refusal says about single members. `opt` is that of the route, or empty without one."""
    if isinstance(refusal, Malformed):
        return refusal.errors
    if isinstance(refusal, Invalid) and refusal.field is not None:
        published = opt.get(PUBLISHED_NAMES, {}).get(refusal.field, refusal.field)
        return ({"field": published, "message": str(refusal)},)
    return ()


def body_error(message: str) -> dict[str, str]:
    """Return what msgspec says about a body: names and types, never a value that was sent."""
    place = PLACE.match(message)
    what, inside = (place["what"], place["field"]) if place else (message, "")
    for pattern, text in ((MISSING, "This member is required."), (UNKNOWN, "There is no such member.")):
        if found := pattern.match(what):
            name = found["field"][:MAX_FIELD_CHARACTERS]
            return {"field": f"{inside}.{name}" if inside else name, "message": text}
    return {"field": inside, "message": without_values(what)}


def parameter_error(handler: Any, entry: Mapping[str, Any]) -> dict[str, str]:
    """Return one of Litestar's messages about parameters of that route handler, or about a missing body."""
    name = str(entry.get("key", ""))
    if name == "data":
        return {"field": "", "message": "A JSON body is required."}
    definition = handler.parsed_fn_signature.parameters.get(name)
    published = getattr(definition and definition.kwarg_definition, "name", None) or name
    return {"field": published[:MAX_FIELD_CHARACTERS], "message": without_values(str(entry.get("message", "")))}


def without_values(message: str) -> str:
    """Return msgspec's message without the value that it would quote, and without our regular expressions."""
    if message.startswith("Invalid"):
        return "This value is not one of those that are allowed."
    if " matching regex " in message:
        return "This text holds characters that are not allowed here."
    return message.replace("`", "")
