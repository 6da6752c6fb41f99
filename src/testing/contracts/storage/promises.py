"""The promises of the storage ports, as their docstrings make them, and the names by which tests refer to them."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar, get_type_hints

from doorward.application.ports.storage import Reading, Storage, Transaction

T = TypeVar("T")

SENTENCE = re.compile(r"(?<=\.)\s+(?=[A-Z`])")
SHOWN = "promises"
"""The attribute of a test for what it shows."""

DUTY = "The caller"
"""How a sentence begins that use cases must keep."""


def promise(*names: str) -> Callable[[T], T]:
    """Mark a test that shows these promises: `UserReader.get`, or `UserRepository.add: Raise EmailTaken` with words
    that only one sentence of that docstring has."""

    def mark(test: T) -> T:
        setattr(test, SHOWN, names)
        return test

    return mark


def shown_by(test: object) -> list[tuple[str, str]]:
    """Return the promises that a test shows: the method or port of each, and its sentence."""
    return [resolved(name) for name in getattr(test, SHOWN, ())]


@cache
def promises() -> Mapping[str, tuple[str, ...]]:
    """Return the promises of each method by its name, and those of each port by the name of the class. A method without
    a docstring promises what its name says."""
    found: dict[str, tuple[str, ...]] = {}
    for port in ports():
        below = inspect.cleandoc(port.__doc__ or "").partition("\n\n")[2]
        found[port.__name__] = sentences(below)
        for name, method in vars(port).items():
            if inspect.isfunction(method) and not name.startswith("_"):
                found[f"{port.__name__}.{name}"] = sentences(method.__doc__ or name)
    return found


def resolved(name: str) -> tuple[str, str]:
    """Return the method or port of a promise, and its sentence. Raise LookupError unless the name means one."""
    member, _, words = name.partition(": ")
    meant = [sentence for sentence in promises().get(member, ()) if words in sentence]
    if len(meant) != 1:
        raise LookupError(f"The name {name!r} means {len(meant)} promises. Give words of one sentence of {member}.")
    return member, meant[0]


def sentences(docstring: str) -> tuple[str, ...]:
    text = " ".join(docstring.split())
    return tuple(sentence for sentence in SENTENCE.split(text) if sentence and not sentence.startswith(DUTY))


def ports() -> Iterator[type]:
    """Yield the protocols of storage, each once, those that are extended before those that extend them."""
    repositories = [port for whole in (Reading, Transaction) for port in repositories_of(whole)]
    seen: dict[type, None] = {}
    for port in (*repositories, Reading, Transaction, Storage):
        seen |= dict.fromkeys(base for base in reversed(port.__mro__) if base.__module__.startswith("doorward."))
    yield from seen


def repositories_of(whole: type) -> Iterator[type]:
    for member in vars(whole).values():
        if isinstance(member, property):
            hints: dict[str, Any] = get_type_hints(member.fget)
            yield hints["return"]
