"""The languages in which letters are written."""

import re
from typing import Final, Literal, TypeGuard, get_args

from doorward.domain.errors import InvalidLocale

Language = Literal["en", "de", "fr", "es", "pt"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DEFAULT_LANGUAGE: Final[Language] = "en"


TAG: Final = re.compile(r"(?P<language>[A-Za-z]{2,8})(-[A-Za-z0-9]{1,8}){0,8}", re.ASCII)
"""The form of a language tag (RFC 5646, section 2.1), as far as it matters here."""


def is_language(text: object) -> TypeGuard[Language]:
    """Return whether letters are written in the language with this tag (RFC 5646)."""
    return text in LANGUAGES


def parse_locale(tag: str) -> Language:
    """Return the language of letters that a language tag (RFC 5646) names: `de` for `de-AT`. Raise InvalidLocale."""
    found = TAG.fullmatch(tag)
    language = found["language"].lower() if found else ""
    if not is_language(language):
        raise InvalidLocale
    return language
