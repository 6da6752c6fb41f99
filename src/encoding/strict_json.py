"""JSON as RFC 8259 defines it and I-JSON (RFC 7493) narrows it: every parser reads the same value from it."""

from collections.abc import Iterator
from json import JSONDecoder
from math import isfinite
from typing import Never, cast

MAX_DEPTH_LEVELS = 32
MAX_INTEGER_DIGITS = 19
"""A signed integer of 64 bits has at most 19 digits."""

ALL_BYTES_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class InvalidJson(ValueError):
    """The document is not JSON, or two parsers could read it differently. The text gives the reason and has no
    part of the document."""


def parse_object(document: bytes, *, name: str = "body", max_depth_levels: int = MAX_DEPTH_LEVELS) -> dict[str, object]:
    """Return the members of one JSON object. `name` is the word for the document in the texts of errors.

    Raise InvalidJson unless the document is UTF-8 without a byte order mark, is nested at most `max_depth_levels`
    levels deep, and has no bytes behind the object. No member may occur twice. Numbers must be finite and integers have
    at most 19 digits. No text may contain U+0000 or a lone surrogate.
    """
    if depth_levels(document, max_depth_levels) > max_depth_levels:
        raise InvalidJson(f"The JSON is nested more than {max_depth_levels} levels deep.")
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
        for part in texts_in(value):
            check_text(part)
    return cast("dict[str, object]", value)


def depth_levels(document: bytes, at_least: int) -> int:
    """Return how many brackets are open at once, at most, without recursion. The result is exact if the document has
    more than `at_least` opening brackets; otherwise it is `at_least`."""
    if document.count(b"{") + document.count(b"[") <= at_least:
        return at_least
    unescaped = document.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_of_texts = b"".join(unescaped.split(b'"')[::2])
    depth = deepest = 0
    for bracket in outside_of_texts.translate(None, ALL_BYTES_BUT_BRACKETS):
        depth += 1 if bracket in b"{[" else -1
        deepest = max(deepest, depth)
    return deepest


def texts_in(value: object) -> Iterator[str]:
    """Yield every text in a decoded value, including the names of members. The depth was checked before."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for member in value.values():
            yield from texts_in(member)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


def check_text(text: str) -> None:
    """Raise InvalidJson for a text with U+0000 or a lone surrogate, which databases, headers and logs cannot hold."""
    if "\0" in text:
        raise InvalidJson("A text holds U+0000.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidJson("A text holds half a surrogate pair.") from None


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidJson("A member is given twice.")
    return members


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise InvalidJson(f"An integer has more than {MAX_INTEGER_DIGITS} digits.")
    return int(digits)


def _finite_number(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise InvalidJson("A number is too large.")
    return number


def _refuse_constant(_: str) -> Never:
    raise InvalidJson("JSON has no NaN and no Infinity.")


DECODER = JSONDecoder(
    object_pairs_hook=_unique_members,
    parse_int=_integer,
    parse_float=_finite_number,
    parse_constant=_refuse_constant,
)
"""msgspec keeps the last of two members of one name, and has no hook to detect that. This decoder has one."""
