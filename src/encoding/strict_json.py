"""JSON as RFC 8259 defines it and I-JSON (RFC 7493) narrows it: every parser reads the same value from it."""

from collections.abc import Iterator
from itertools import accumulate
from json import JSONDecoder
from math import isfinite
from typing import Never, cast

MAX_DEPTH_LEVELS = 32
MAX_VALUES = 1024
"""The limit of members and items, on all levels together. An empty object or list counts as one more."""

MAX_INTEGER_DIGITS = 19
"""A signed integer of 64 bits has at most 19 digits."""

ALL_BYTES_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
LEVELS_OF_A_BRACKET = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class InvalidJson(ValueError):
    """The document is not JSON, or two parsers could read it differently. The text gives the reason and has no
    part of the document."""


def parse_object(
    document: bytes, *, name: str = "body", max_depth_levels: int = MAX_DEPTH_LEVELS, max_values: int = MAX_VALUES
) -> dict[str, object]:
    """Return the members of one JSON object. `name` is the word for the document in the texts of errors.

    Raise InvalidJson unless the document is UTF-8 without a byte order mark, is nested at most `max_depth_levels`
    levels deep, has at most `max_values` members and items, and has no bytes behind the object. No member may occur
    twice. Numbers must be finite and integers have at most 19 digits. No text may contain U+0000 or a lone surrogate.
    """
    check_structure(document, max_depth_levels, max_values)
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
        check_text("".join(texts_in(value)))
    return cast("dict[str, object]", value)


def check_structure(document: bytes, max_depth_levels: int, max_values: int) -> None:
    """Raise InvalidJson if the document is nested too deeply or has too many values. This is decided without recursion
    and before any value is parsed."""
    brackets = document.count(b"{") + document.count(b"[")
    if brackets <= max_depth_levels and brackets + document.count(b",") <= max_values:
        return
    unescaped = document.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_of_texts = b"".join(unescaped.split(b'"')[::2])
    if sum(map(outside_of_texts.count, (b"{", b"[", b","))) > max_values:
        raise InvalidJson(f"The JSON has more than {max_values} members and items.")
    brackets_outside = outside_of_texts.translate(None, ALL_BYTES_BUT_BRACKETS)
    depths = accumulate(map(LEVELS_OF_A_BRACKET.__getitem__, brackets_outside))
    if max(depths, default=0) > max_depth_levels:
        raise InvalidJson(f"The JSON is nested more than {max_depth_levels} levels deep.")


def texts_in(value: object) -> Iterator[str]:
    """Yield every text in a decoded value, including the names of members. It is not recursive, because a recursive
    generator resumes all of its levels for each text."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def check_text(text: str) -> None:
    """Raise InvalidJson for text with U+0000 or a lone surrogate, which databases, headers and logs cannot hold."""
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
