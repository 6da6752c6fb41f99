"""In which language a client wants its letters, by its `Accept-Language` header (RFC 9110, section 12.5.4)."""

import pytest

from doorward.interfaces.http.errors.refusals import HeadersTooLarge
from doorward.interfaces.http.wire.languages import preferred_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (b"de", "de"),
        (b"de-AT", "de"),
        (b"PT-br, en;q=0.5", "pt"),
        (b"en;q=0.5, fr", "fr"),
        (b"es;q=0.9,fr;q=0.8", "es"),
        (b"zh-Hans-CN, es;q=0.1", "es"),
        (b"de;q=0, fr;q=0.001", "fr"),
        (b"fr, de", "fr"),
        (b" de ; q=1.000 ", "de"),
        (b"*", "en"),
        (b"zh", "en"),
        (b"", "en"),
        (b"de;q=2", "en"),
        (b"de;level=1", "en"),
        (b"\xff\xfe, de", "de"),
        (b"de\r\nBcc: eve", "en"),
        (b"q=1;de", "en"),
        (b"deu", "en"),
    ],
)
def test_the_language_of_ours_with_the_greatest_weight_is_chosen(header: bytes, language: str) -> None:
    assert preferred_language([(b"accept", b"*/*"), (b"accept-language", header)]) == language


def test_without_a_preference_letters_are_in_english() -> None:
    assert preferred_language([]) == "en"


def test_the_number_of_languages_is_limited() -> None:
    """HT-17."""
    assert preferred_language([(b"accept-language", b"xx," * 31 + b"fr")]) == "fr"
    with pytest.raises(HeadersTooLarge):
        preferred_language([(b"accept-language", b"xx," * 32 + b"fr")])
