"""The languages in which letters are written."""

import re
from typing import Final, Literal, TypeGuard, get_args

from doorward.domain.errors import InvalidLocale

Language = Literal["en", "de", "fr", "es", "pt"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DEFAULT_LANGUAGE: Final[Language] = "en"


ANY_CASE: Final = "|".join("".join(f"[{letter.upper()}{letter}]" for letter in language) for language in LANGUAGES)
TAG: Final = re.compile(rf"({ANY_CASE})(-[A-Za-z0-9]{{1,8}}){{0,8}}")
"""A language tag (RFC 5646, section 2.1) of one of the languages."""


def is_language(text: object) -> TypeGuard[Language]:
    """Return whether letters are written in the language with this tag (RFC 5646)."""
    return text in LANGUAGES


def parse_locale(tag: str) -> Language:
    """Return the language of letters that a language tag (RFC 5646) names: `de` for `de-AT`. Raise InvalidLocale."""
    language = tag[:2].lower()
    if not TAG.fullmatch(tag) or not is_language(language):
        raise InvalidLocale
    return language
