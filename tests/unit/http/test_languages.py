"""In which language a client wants its letters, by its `Accept-Language` header (RFC 9110, section 12.5.4)."""

import pytest

from doorward.interfaces.http.errors.refusals import HeadersTooLarge
from doorward.interfaces.http.wire.languages import named_language


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
        (b"*", None),
        (b"zh", None),
        (b"", None),
        (b"de;q=2", None),
        (b"de;level=1", None),
        (b"\xff\xfe, de", "de"),
        (b"de\r\nBcc: eve", None),
        (b"q=1;de", None),
        (b"deu", None),
    ],
)
def test_the_language_of_ours_with_the_greatest_weight_is_chosen(header: bytes, language: str | None) -> None:
    assert named_language([(b"accept", b"*/*"), (b"accept-language", header)]) == language


def test_without_a_preference_no_language_is_named() -> None:
    assert named_language([]) is None


def test_the_number_of_languages_is_limited() -> None:
    """HT-17."""
    assert named_language([(b"accept-language", b"xx," * 31 + b"fr")]) == "fr"
    with pytest.raises(HeadersTooLarge):
        named_language([(b"accept-language", b"xx," * 32 + b"fr")])
