"""Makes the member `errors` of a problem, from refusals and from the messages of msgspec and Litestar."""

from collections.abc import Mapping
from typing import Any, Final

from doorward.domain.errors import DomainError, Invalid
from doorward.interfaces.http.errors.refusals import FieldErrors, Malformed
from doorward.interfaces.validation_messages import (
    contains_pattern,
    is_about_time,
    may_repeat_value,
    missing_member,
    split_path,
    unknown_member,
)

MEMBER_NAMES: Final = "fields"
"""The key in a route's `opt` under which it maps the field of a refusal to the name of its own member."""

MAX_FIELD_CHARACTERS = 64


def field_errors(refusal: DomainError, opt: Mapping[str, Any]) -> FieldErrors:
    """Return the field errors of a refusal. `opt` is that of the route, or empty without a route."""
    if isinstance(refusal, Malformed):
        return refusal.errors
    if isinstance(refusal, Invalid) and refusal.field is not None:
        published = opt.get(MEMBER_NAMES, {}).get(refusal.field, refusal.field)
        return ({"field": published, "message": str(refusal)},)
    return ()


def body_error(message: str) -> dict[str, str]:
    """Return the field error for msgspec's message about a body. It has names and types, never a value that was
    sent."""
    text, path = split_path(message)
    name, reason = missing_member(text), "This member is required."
    if name is None:
        name, reason = unknown_member(text), "There is no such member."
    if name is None:
        return {"field": path, "message": without_values(text)}
    name = name[:MAX_FIELD_CHARACTERS]
    return {"field": f"{path}.{name}" if path else name, "message": reason}


def parameter_error(handler: Any, entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the field error for an entry of Litestar's ValidationException: about a parameter of that route handler,
    or about a missing body."""
    name = str(entry.get("key", ""))
    if name == "data":
        return {"field": "", "message": "A JSON body is required."}
    definition = handler.parsed_fn_signature.parameters.get(name)
    published = getattr(definition and definition.kwarg_definition, "name", None) or name
    return {"field": published[:MAX_FIELD_CHARACTERS], "message": without_values(str(entry.get("message", "")))}


def without_values(message: str) -> str:
    """Return msgspec's message without a value that was sent and without a regular expression."""
    if is_about_time(message):
        return "Write a time of RFC 3339 with seconds and an offset, such as 2030-01-31T12:00:00Z."
    if may_repeat_value(message):
        return "This value is not one of those that are allowed."
    if contains_pattern(message):
        return "This text holds characters that are not allowed here."
    return message.replace("`", "")
