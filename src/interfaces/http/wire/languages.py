"""The language in which a client wants to be written to, by its `Accept-Language` header (RFC 9110, section 12.5.4)."""

import re
from collections.abc import Iterable
from typing import Any, Final

from litestar import Request

from doorward.domain.letters.language import Language, is_language
from doorward.interfaces.http.edge.part_limits import MAX_PREFERENCES
from doorward.interfaces.http.edge.request_headers import Header
from doorward.interfaces.http.errors.refusals import HeadersTooLarge

PREFERENCE: Final = re.compile(
    r"\s*(?P<language>[a-z]{1,8}|\*)(?:-[a-z0-9]{1,8})*\s*(?:;\s*q=(?P<weight>[01](?:\.[0-9]{0,3})?)\s*)?",
    re.ASCII | re.IGNORECASE,
)


def client_language(request: Request[Any, Any, Any]) -> Language | None:
    """Return the language of ours that the client likes best, or None if it names none. Raise HeadersTooLarge."""
    return named_language(request.scope["headers"])


def named_language(headers: Iterable[Header]) -> Language | None:
    """Return the language of ours that the client likes best, and of several the first; None if it names none.

    Preferences that are not understood are ignored. Raise HeadersTooLarge for more than MAX_PREFERENCES.
    """
    preferences = b",".join(value for name, value in headers if name == b"accept-language")
    if preferences.count(b",") >= MAX_PREFERENCES:
        raise HeadersTooLarge(f"Accept-Language has more than {MAX_PREFERENCES} languages.")
    best: Language | None = None
    most = 0.0
    for preference in preferences.decode("latin-1").split(","):
        found = PREFERENCE.fullmatch(preference)
        language = found["language"].lower() if found else ""
        weight = min(float(found["weight"] or 1), 1.0) if found else 0.0
        if weight > most and is_language(language):
            best, most = language, weight
    return best
