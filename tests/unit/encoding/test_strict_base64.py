"""Which spellings of base64 without padding are canonical."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.encoding.strict_base64 import decode_base64url, is_canonical

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(data=st.binary(max_size=70))
def test_the_usual_encoding_is_canonical_and_decodes(data: bytes) -> None:
    text = urlsafe_b64encode(data).rstrip(b"=").decode()
    assert is_canonical(text)
    assert decode_base64url(text) == data


@given(data=st.binary(min_size=1, max_size=70), last=st.sampled_from(ALPHABET))
def test_no_second_spelling_of_the_same_bytes_is_canonical(data: bytes, last: str) -> None:
    usual = urlsafe_b64encode(data).rstrip(b"=").decode()
    other = usual[:-1] + last
    if is_canonical(other):
        assert other == usual or decode_base64url(other) != data


@pytest.mark.parametrize("text", ["A", "AAAAA", "AB", "AAAAAB", "AAB", "AAAAAAB"])
def test_a_text_with_unused_bits_or_a_lone_character_is_refused(text: str) -> None:
    assert not is_canonical(text)
    with pytest.raises(ValueError, match="canonical"):
        decode_base64url(text)
