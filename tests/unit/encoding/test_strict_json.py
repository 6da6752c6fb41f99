"""What the strict JSON parser accepts, refuses, and says about it."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.encoding.strict_json import MAX_DEPTH_LEVELS, InvalidJson, parse_object

TEXTS = st.text(alphabet=list('ab"\\/{}[]:, é€\U0001f600\u2028\x01\x7f'), max_size=6)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(1 - 10**19, 10**19 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=4)
PIECES = [
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b":",
    b",",
    b'"a"',
    b'"\\u0061"',
    b'"\\ud800"',
    b'"\\u0000"',
    b"1",
    b"-",
    b"0",
    b"1e999",
    b"NaN",
    b"null",
    b" ",
    b"\\",
    b"\xff",
    b"\xef\xbb\xbf",
]


def nested(depth: int) -> bytes:
    """An object that is `depth` levels deep."""
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@given(document=OBJECTS, ascii_only=st.booleans())
def test_every_document_within_the_policy_is_accepted(document: dict[str, Any], ascii_only: bool) -> None:
    """HT-14: no valid document of a client is refused."""
    assert parse_object(json.dumps(document, ensure_ascii=ascii_only).encode()) == document


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=12))
def test_whatever_is_accepted_means_the_same_to_every_parser(pieces: list[bytes]) -> None:
    """HT-14, SU-14: the edge never lets through what a parser behind it would refuse or read otherwise."""
    document = b'{"a":' + b"".join(pieces) + b"}"
    try:
        parsed = parse_object(document)
    except InvalidJson:
        return
    assert parsed == json.loads(document) == msgspec.json.decode(document)


@given(document=OBJECTS, cut=st.integers(0, 200))
def test_an_incomplete_document_is_refused(document: dict[str, Any], cut: int) -> None:
    whole = json.dumps(document).encode()
    with pytest.raises(InvalidJson):
        parse_object(whole[: min(cut, len(whole) - 1)])


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b'{"a":1,"a":2}', id="a member twice"),
        pytest.param(b'{"a":1,"\\u0061":2}', id="a member twice, once escaped"),
        pytest.param(b'{"x":[{"a":1,"a":1}]}', id="a nested member twice"),
        pytest.param(b'{"a":"\xff"}', id="not UTF-8"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', id="a surrogate in UTF-8"),
        pytest.param(b'{"a":"\xc0\xaf"}', id="an overlong form"),
        pytest.param('{"a":1}'.encode("utf-16"), id="UTF-16"),
        pytest.param('{"a":1}'.encode("utf-32-le"), id="UTF-32"),
        pytest.param(b'\xef\xbb\xbf{"a":1}', id="a byte order mark"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(b'{"a":Infinity}', id="Infinity"),
        pytest.param(b'{"a":-Infinity}', id="-Infinity"),
        pytest.param(b'{"a":1e999}', id="too large a number"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", id="5,000 digits"),
        pytest.param(b'{"a":12345678901234567890}', id="20 digits"),
        pytest.param(b'{"a":01}', id="a leading zero"),
        pytest.param(b'{"a":+1}', id="a plus"),
        pytest.param(b'{"a":.5}', id="no digit before the point"),
        pytest.param(b'{"a":"\\ud800"}', id="half a pair"),
        pytest.param(b'{"a":"\\udc00\\ud800"}', id="a pair the wrong way round"),
        pytest.param(b'{"\\ud800":1}', id="half a pair in a name"),
        pytest.param(b'{"a":["\\ud83d"]}', id="half a nested pair"),
        pytest.param(b'{"a":"\\u0000"}', id="U+0000"),
        pytest.param(b'{"a\\u0000":1}', id="U+0000 in a name"),
        pytest.param(b'{"a":"\x00"}', id="a raw NUL"),
        pytest.param(b'{"a":"\n"}', id="a raw line break"),
        pytest.param(b'{"a":1}x', id="trailing bytes"),
        pytest.param(b'{"a":1}{"a":1}', id="two documents"),
        pytest.param(b'{"a":1}\x00', id="a trailing NUL"),
        pytest.param(b'{"a":1,}', id="a trailing comma"),
        pytest.param(b"{'a':1}", id="single quotes"),
        pytest.param(b'{"a":1}//x', id="a comment"),
        pytest.param(b"{a:1}", id="a bare name"),
        pytest.param(b'{1:"a"}', id="a number as a name"),
        pytest.param(b'{"a":"\\x41"}', id="an unknown escape"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"a"', id="a text"),
        pytest.param(b"1", id="a number"),
        pytest.param(b"", id="empty"),
        pytest.param(b" ", id="a blank"),
        pytest.param(b"\xa0{}", id="a blank that is none in JSON"),
    ],
)
def test_a_document_that_two_parsers_could_read_differently_is_refused(document: bytes) -> None:
    """HT-14, SU-14."""
    with pytest.raises(InvalidJson):
        parse_object(document)


@pytest.mark.parametrize(
    "document",
    [
        b"{}",
        b' \t\r\n{"a":1} \n',
        b'{"a":"\\ud83d\\ude00"}',
        b'{"a":"\\\\u0000 \\\\ud800"}',
        b'{"a":"' + b"[{" * 40 + b'"}',
        b'{"a":"\\"' + b"[" * 40 + b'\\\\"}',
        b'{"a":9223372036854775807,"b":-9223372036854775808}',
        b'{"a":1,"A":2,"":3}',
        '{"a":"\u2028\u202e\x7f"}'.encode(),
    ],
)
def test_a_document_with_one_meaning_is_accepted(document: bytes) -> None:
    parse_object(document)


def test_nesting_ends_at_the_thirty_second_level() -> None:
    """HT-14."""
    parse_object(nested(MAX_DEPTH_LEVELS))
    with pytest.raises(InvalidJson, match="32"):
        parse_object(nested(MAX_DEPTH_LEVELS + 1))


def test_a_caller_may_set_a_lower_limit_of_nesting() -> None:
    """HT-14: the limit of access tokens is lower than that of bodies."""
    assert parse_object(nested(8), max_depth_levels=8) == json.loads(nested(8))
    with pytest.raises(InvalidJson, match="8"):
        parse_object(nested(9), max_depth_levels=8)


@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
def test_a_body_full_of_brackets_is_refused_without_recursion(bracket: bytes) -> None:
    """HT-14."""
    with pytest.raises(InvalidJson, match="nested"):
        parse_object(bracket * 1_000)
    with pytest.raises(InvalidJson, match="members and items"):
        parse_object(bracket * (16_384 // len(bracket)))


@pytest.mark.parametrize("most", [b'{"a":[%s]}' % b",".join([b"1"] * 7), b'{"a":{"b":1,"c":2},"d":[3,4,5,6]}'])
def test_the_number_of_members_and_items_is_limited_on_all_levels_together(most: bytes) -> None:
    """HT-17: brackets and commas in texts do not count."""
    parse_object(most, max_values=8)
    parse_object(most.replace(b'"a"', b'"{[,\\",[{"', 1), max_values=8)
    with pytest.raises(InvalidJson, match="more than 7 members and items"):
        parse_object(most, max_values=7)


def test_a_token_with_many_roles_has_not_too_many_items() -> None:
    """HT-17: the longest token that is issued has less than 4,000 characters, so 3,000 bytes of JSON."""
    parse_object(json.dumps({"roles": ["a"] * 740}, separators=(",", ":")).encode())


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    """HT-13: bodies hold passwords."""
    with pytest.raises(InvalidJson) as refusal:
        parse_object(b'{"password":"hunter2", oops}')
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__cause__ is None
