"""Forms as older clients post them (`application/x-www-form-urlencoded`), read strictly."""

import re
from urllib.parse import unquote_to_bytes

from msgspec import json

LISTS = frozenset({"roles"})
"""The one member that may come more than once; it is a list even when it comes once."""

LONE_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class InvalidForm(ValueError):
    """The form is none, or could be understood in two ways. Says why, never what was sent."""


def form_to_json(form: bytes) -> bytes:
    """The form as a JSON object of texts. Raise InvalidForm for a member given twice, a stray percent sign, text that
    is not UTF-8 or holds U+0000."""
    if LONE_PERCENT.search(form):
        raise InvalidForm("A percent sign stands without its two hexadecimal digits.")
    members: dict[str, str | list[str]] = {}
    for piece in form.split(b"&"):
        name, equals, value = (text_of(part) for part in piece.partition(b"="))
        if not name or not equals:
            raise InvalidForm("A member has no name or no value.")
        if name in LISTS:
            members[name] = [*members.get(name, ()), value]
        elif name in members:
            raise InvalidForm("A member is given twice.")
        else:
            members[name] = value
    return json.encode(members)


def text_of(part: bytes) -> str:
    try:
        text = unquote_to_bytes(part.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise InvalidForm("A text is not UTF-8.") from None
    if "\0" in text:
        raise InvalidForm("A text holds U+0000.")
    return text
