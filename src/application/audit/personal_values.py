"""The values of entities that are held about a person, by the annotations of their fields."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, get_type_hints
from uuid import UUID

from doorward.domain.personal_data import Held, HeldBack

KNOWN: dict[type[Any], Mapping[str, Held | HeldBack]] = {}
"""What was found before, since it takes a while to read annotations."""


def annotations_of(entity: type[Any]) -> Mapping[str, Held | HeldBack]:
    """Return what is said about each field, by the names of the fields. Fields without annotation are left out."""
    if entity not in KNOWN:
        hints = get_type_hints(entity, include_extras=True)
        said = {each.name: getattr(hints[each.name], "__metadata__", ()) for each in fields(entity)}
        KNOWN[entity] = {
            name: about for name, found in said.items() for about in found if isinstance(about, Held | HeldBack)
        }
    return KNOWN[entity]


def personal_values(entity: Any) -> dict[str, Any]:
    """Return the values of an entity that the person may see, as JSON has them, by the names of the fields."""
    said = annotations_of(type(entity))
    return {name: plain(getattr(entity, name)) for name, about in said.items() if isinstance(about, Held)}


def plain(value: object) -> Any:
    """Return a value of the domain as JSON has it."""
    match value:
        case frozenset():
            return sorted(map(plain, value))
        case tuple() | list():
            return [plain(each) for each in value]
        case Mapping():
            return {str(name): plain(each) for name, each in value.items()}
    return plain_scalar(value)


def plain_scalar(value: object) -> Any:
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case UUID():
            return str(value)
    if not is_dataclass(value):
        return value
    return value.value if hasattr(value, "value") else personal_values(value)
