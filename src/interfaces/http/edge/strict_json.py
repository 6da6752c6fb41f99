"""JSON as RFC 8259 means it and I-JSON (RFC 7493) narrows it: one meaning per document, for every parser."""

from collections.abc import Iterator
from json import JSONDecoder
from math import isfinite
from typing import Never

DEEPEST = 32
LONGEST_INTEGER = 19
"""Digits: what fits into 64 bits, and a little more."""

OTHER_THAN_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class InvalidJson(ValueError):
    """The document is none, or could be understood in two ways. Says why, never what was sent."""


def check_json(document: bytes, name: str = "body") -> None:
    """Raise InvalidJson unless this is one JSON object: UTF-8 without a mark before it, at most 32 levels deep, no
    member given twice, only finite numbers and integers of at most 19 digits, and no text with U+0000 or half a
    surrogate pair. `name` is what the reason calls it."""
    if deepest(document) > DEEPEST:
        raise InvalidJson(f"The JSON is nested more than {DEEPEST} levels deep.")
    try:
        text = document.decode()
    except UnicodeDecodeError:
        raise InvalidJson("The JSON is not UTF-8.") from None
    try:
        value = DECODER.decode(text)
    except InvalidJson:
        raise
    except ValueError:
        raise InvalidJson(f"The {name} is not valid JSON.") from None
    if not isinstance(value, dict):
        raise InvalidJson(f"The {name} is not a JSON object.")
    if b"\\u" in document:
        for part in texts(value):
            check_text(part)


def deepest(document: bytes) -> int:
    """How many brackets stand open at once, at most. Nothing recursive may see the document before."""
    if document.count(b"{") + document.count(b"[") <= DEEPEST:
        return DEEPEST
    unescaped = document.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_of_texts = b"".join(unescaped.split(b'"')[::2])
    depth = most = 0
    for bracket in outside_of_texts.translate(None, OTHER_THAN_BRACKETS):
        depth += 1 if bracket in b"{[" else -1
        most = max(most, depth)
    return most


def texts(value: object) -> Iterator[str]:
    """Every text in there, names of members too. Recursion is bounded by DEEPEST."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for member in value.values():
            yield from texts(member)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def check_text(text: str) -> None:
    """Raise InvalidJson for what databases, headers and logs stumble over."""
    if "\0" in text:
        raise InvalidJson("A text holds U+0000.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidJson("A text holds half a surrogate pair.") from None


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidJson("A member is given twice.")
    return members


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > LONGEST_INTEGER:
        raise InvalidJson(f"An integer has more than {LONGEST_INTEGER} digits.")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise InvalidJson("A number is too large.")
    return number


def _no_constant(_: str) -> Never:
    raise InvalidJson("JSON has no NaN and no Infinity.")


DECODER = JSONDecoder(
    object_pairs_hook=_once_each,
    parse_int=_integer,
    parse_float=_number,
    parse_constant=_no_constant,
)
