"""A strict parser of forms (`application/x-www-form-urlencoded`), which older clients post."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from msgspec import json

LIST_MEMBERS: Final = frozenset({"roles"})
"""Members that may occur several times. They become a list even when they occur once."""

INCOMPLETE_PERCENT_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class InvalidForm(ValueError):
    """The body is not a form, or two parsers could read it differently. The text gives the reason and has
    no part of the form."""


def form_to_json(form: bytes) -> bytes:
    """Return the form as a JSON object of texts. Raise InvalidForm for a member given twice, an incomplete percent
    escape, and text that is not UTF-8 or holds U+0000."""
    if INCOMPLETE_PERCENT_ESCAPE.search(form):
        raise InvalidForm("A percent sign is not followed by two hexadecimal digits.")
    members: dict[str, str | list[str]] = {}
    for piece in form.split(b"&"):
        name, equals, value = (decode_text(part) for part in piece.partition(b"="))
        if not name or not equals:
            raise InvalidForm("A member has no name or no value.")
        if name in LIST_MEMBERS:
            members[name] = [*members.get(name, ()), value]
        elif name in members:
            raise InvalidForm("A member is given twice.")
        else:
            members[name] = value
    return json.encode(members)


def decode_text(part: bytes) -> str:
    """Return the text of a form-encoded name or value. Raise InvalidForm."""
    try:
        text = unquote_to_bytes(part.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise InvalidForm("A text is not UTF-8.") from None
    if "\0" in text:
        raise InvalidForm("A text holds U+0000.")
    return text
