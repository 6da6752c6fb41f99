"""The languages in which letters are written."""

from typing import Final, Literal, TypeGuard, get_args

Language = Literal["en", "de", "fr", "es", "pt"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DEFAULT_LANGUAGE: Final[Language] = "en"


def is_language(text: str) -> TypeGuard[Language]:
    """Return whether letters are written in the language with this tag (RFC 5646)."""
    return text in LANGUAGES
