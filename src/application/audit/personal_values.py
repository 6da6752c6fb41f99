"""The values of entities that are held about a person, by the annotations of their fields."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeAlias, get_args, get_type_hints
from uuid import UUID

from doorward.domain.personal_data import Held, HeldBack

About: TypeAlias = Held | HeldBack

KNOWN: dict[type[Any], Mapping[str, About]] = {}
"""What was found before, since it takes a while to read annotations."""


def annotations_of(entity: type[Any]) -> Mapping[str, About]:
    """Return what is said about each field, by the names of the fields. Fields without annotation are left out."""
    if entity not in KNOWN:
        hints = get_type_hints(entity, include_extras=True)
        said = {each.name: getattr(hints[each.name], "__metadata__", ()) for each in fields(entity)}
        KNOWN[entity] = {
            name: about for name, found in said.items() for about in found if isinstance(about, Held | HeldBack)
        }
    return KNOWN[entity]


def notes_of(entity: type[Any], within: str = "") -> Mapping[str, About]:
    """Return what is said about each field, by the names that JSON has. A field of a field has a dot in its name."""
    types = get_type_hints(entity)
    notes: dict[str, About] = {}
    for name, about in annotations_of(entity).items():
        notes[within + camel(name)] = about
        for inner in get_args(types[name]) or (types[name],):
            if isinstance(inner, type) and is_dataclass(inner) and isinstance(about, Held):
                notes |= notes_of(inner, f"{within}{camel(name)}.")
    return notes


def is_held(about: About) -> bool:
    """Return whether the person may see the value."""
    return isinstance(about, Held)


def is_no_secret(about: About) -> bool:
    """Return whether administrators may see the value."""
    return isinstance(about, Held) or not about.is_secret


def personal_values(entity: Any, shows: Callable[[About], bool] = is_held) -> dict[str, Any]:
    """Return the values of an entity as JSON has them, by the names that JSON has. `shows` decides which."""
    said = annotations_of(type(entity))
    return {camel(name): plain(getattr(entity, name), shows) for name, about in said.items() if shows(about)}


def plain(value: object, shows: Callable[[About], bool]) -> Any:
    """Return a value of the domain as JSON has it."""
    match value:
        case frozenset():
            return sorted(plain(each, shows) for each in value)
        case tuple() | list():
            return [plain(each, shows) for each in value]
        case Mapping():
            return {str(name): plain(each, shows) for name, each in value.items()}
    if is_dataclass(value) and not hasattr(value, "value"):
        return personal_values(value, shows)
    return plain_scalar(value)


def plain_scalar(value: object) -> Any:
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case UUID():
            return str(value)
    return getattr(value, "value", value)


def camel(name: str) -> str:
    """Return the name of a field as JSON has it, such as `createdAt` for `created_at`."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
