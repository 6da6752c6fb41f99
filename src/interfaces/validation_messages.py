"""Parses the messages of msgspec's ValidationError, which has no attributes that name the member at fault.

The messages are not part of msgspec's documented interface: see docs/decisions/libraries.md.
"""

import re
from typing import Final

PATH: Final = re.compile(r"(.*) - at `\$\.?([^`]*)`", re.DOTALL)
MISSING_MEMBER: Final = re.compile(r"Object missing required field `([^`]*)`")
UNKNOWN_MEMBER: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)


def split_path(message: str) -> tuple[str, str]:
    """Return the message without the path of the member, and that path, such as `roles[0]`. The path is empty if the
    message is about the whole value."""
    found = PATH.fullmatch(message)
    return (found[1], found[2]) if found else (message, "")


def missing_member(message: str) -> str | None:
    """Return the name of the member that is missing; None for every other message."""
    found = MISSING_MEMBER.fullmatch(message)
    return found[1] if found else None


def unknown_member(message: str) -> str | None:
    """Return the name of the member that the struct does not have; None for every other message."""
    found = UNKNOWN_MEMBER.fullmatch(message)
    return found[1] if found else None


def may_repeat_value(message: str) -> bool:
    """Return whether the message may contain the value that was sent."""
    return message.startswith("Invalid")


def is_about_time(message: str) -> bool:
    """Return whether the message is about a text that is not a time, or a time without an offset."""
    return message in {"Invalid RFC3339 encoded datetime", "Expected `datetime` with a timezone component"}


def contains_pattern(message: str) -> bool:
    """Return whether the message contains the regular expression that a text does not match."""
    return " matching regex " in message
