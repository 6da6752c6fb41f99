"""How much work a stranger can cause with one request: each parser of what anybody may send."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_network
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorward.domain.errors import DomainError
from doorward.encoding.strict_json import InvalidJson, parse_object
from doorward.interfaces.http.edge.addresses import ClientAddresses
from doorward.interfaces.http.edge.body import media_type_of
from doorward.interfaces.http.edge.cors import Cors
from doorward.interfaces.http.edge.forms import INCOMPLETE_PERCENT_ESCAPE, decode_text, form_to_json
from doorward.interfaces.http.edge.hosts import AllowedHosts
from doorward.interfaces.http.edge.part_limits import (
    MAX_COOKIES,
    MAX_ENTITY_TAGS,
    MAX_FORM_MEMBERS,
    MAX_FORWARDED_ADDRESSES,
    MAX_JSON_VALUES,
    MAX_PATH_SEGMENTS,
    MAX_PREFERENCES,
    MAX_QUERY_PARAMETERS,
)
from doorward.interfaces.http.edge.request_headers import MAX_HEADERS, check_headers, request_id_of
from doorward.interfaces.http.edge.request_target import check_path, check_query
from doorward.interfaces.http.errors.dialects import DIALECTS
from doorward.interfaces.http.security.cookies import cookie
from doorward.interfaces.http.security.http_basic import client_credentials
from doorward.interfaces.http.security.presented_token import token_in_headers
from doorward.interfaces.http.sessions.revocation_list import seconds_to_wait
from doorward.interfaces.http.wire.cached_document import has_tag
from doorward.interfaces.validation_messages import missing_member, split_path, unknown_member
from doorward.testing.builders import REFRESH_TOKENS
from doorward.tokens import jws
from support.length import FULL
from support.steps import counting

Parser = Callable[[bytes], object]

EXAMPLES = 200 if FULL else 5

MOST_STEPS = 4_500
"""About nine times those of the cheapest request."""

MORE_STEPS = 1_000
"""A longer input may take another branch: JSON with many brackets is looked at closely, bracket by bracket, up to
the limit of parts."""

STEPS_OF_A_REFUSAL = 150


def forwarded(value: bytes) -> str:
    addresses = ClientAddresses((ip_network("0.0.0.0/0"), ip_network("::/0")))
    return addresses.of(("10.0.0.1", 1), [(b"x-forwarded-for", value)])


def repeated_headers(value: bytes) -> None:
    headers = [(b"x-a", b"")] * len(value)
    check_headers(headers, dict(headers))


def json_body(document: bytes) -> object:
    return parse_object(document, max_values=MAX_JSON_VALUES)


def json_in_json(part: bytes) -> object:
    """Parse a document with the part inside of its deepest list."""
    return json_body(b'{"\\u0061":' + b"[" * 30 + part + b"1" + b"]" * 30 + b"}")


def basic(credentials: bytes) -> object:
    return client_credentials([(b"authorization", b"Basic " + b64encode(credentials))])


def token_header(header: bytes) -> object:
    encoded = urlsafe_b64encode(header).decode().rstrip("=")
    return jws.members_of(jws.split(f"{encoded}.e30.e30")[0], jws.MAX_HEADER_VALUES)


def library_message(text: bytes) -> object:
    message, _ = split_path(text.decode("latin-1"))
    return missing_member(message), unknown_member(message)


def parse_form(form: bytes) -> bytes:
    return form_to_json(form, DIALECTS["standard"].lists_in_forms)


PARSERS: dict[str, tuple[Parser, list[bytes]]] = {
    "path": (check_path.__wrapped__, [b"/", b".", b"a", b"/.", b"/a", b"%2f"]),
    "query": (check_query, [b"&", b"=", b"a", b"%41", b"+", b"%", b"a=", b"&b=%C3%A9"]),
    "form": (parse_form, [b"&", b"=", b"a", b"%41", b"%", b"roles=", b"&roles=%41"]),
    "cookies": (lambda value: cookie([(b"cookie", value)], b"n"), [b";", b"=", b" ", b"n", b"n=v", b"; "]),
    "cookie headers": (lambda value: cookie([(b"cookie", value)] * MAX_HEADERS, b"n"), [b";", b"n=v"]),
    "headers": (repeated_headers, [b"a"]),
    "If-None-Match": (
        lambda value: has_tag(b'"t"', [(b"if-none-match", value)]),
        [b'"', b",", b"W/", b"a", b'"a",', b"*", b" "],
    ),
    "Prefer": (
        lambda value: seconds_to_wait([(b"prefer", value)]),
        [b",", b" ", b"wait", b"=", b"1", b'"', b"wait=1 x", b";"],
    ),
    "X-Forwarded-For": (forwarded, [b",", b"1", b".", b":", b"[::1]", b"10.0.0.2,", b"fe80::1:2:3:4:5:6, "]),
    "JSON": (json_body, [b"{", b"}", b"[", b"]", b'"', b"\\", b'"\\u0061":', b"[],", b"{},", b'"a",', b"1,", b"1.5,"]),
    "JSON inside of lists": (json_in_json, [b"[],", b"{},", b'"a",', b"1,", b"1.5,", b'{"a":1},', b'"\\\\",']),
    "token": (lambda value: jws.split(value.decode("latin-1")), [b".", b"a", b"-", b"=", b"\xff"]),
    "header of a token": (token_header, [b"{", b'"a":', b"[],", b"{},", b"1,", b'"\\u0061",', b"}"]),
    "refresh token": (lambda value: REFRESH_TOKENS.read(value.decode("latin-1")), [b"a", b".", b"="]),
    "Authorization": (lambda value: token_in_headers({b"authorization": value}), [b"bearer ", b" ", b"a", b"."]),
    "Basic": (basic, [b":", b"%41", b"%", b"a", b"+", b"\xff"]),
    "Host": (
        AllowedHosts(["auth.example.org"]).check.__wrapped__,
        [b".", b":", b"a", b"[", b"]", b"1", b"auth.example.org"],
    ),
    "Origin": (Cors(["https://app.example.org"]).headers, [b"https://app.example.org", b"a", b","]),
    "Content-Type": (media_type_of, [b";", b"application/json", b" ", b"charset=utf-8", b","]),
    "X-Request-Id": (lambda value: request_id_of({b"x-request-id": value}), [b"a", b"-", b"\n"]),
    "message of the JSON library": (
        library_message,
        [b" - at `$", b"`", b".", b"a", b"Object contains unknown field `"],
    ),
}
"""Each parser with pieces of which its worst inputs are made."""


def steps_of(parse: Parser, value: bytes) -> int:
    with counting() as steps, suppress(DomainError, ValueError):
        parse(value)
    return steps.count


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=EXAMPLES)
@given(data=st.data(), times=st.integers(1, 64))
def test_the_work_of_a_parser_grows_with_the_length_at_most(name: str, data: st.DataObject, times: int) -> None:
    """HT-17."""
    parse, pieces = PARSERS[name]
    part = b"".join(data.draw(st.lists(st.sampled_from(pieces), min_size=1, max_size=4)))
    assert steps_of(parse, part * times * 4) <= 4 * steps_of(parse, part * times) + MORE_STEPS


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=EXAMPLES)
@given(data=st.data(), size_bytes=st.sampled_from([200, 1_000, 8_000, 60_000]))
def test_the_work_of_a_parser_has_a_limit(name: str, data: st.DataObject, size_bytes: int) -> None:
    """HT-17: whatever its input is, and however long."""
    parse, pieces = PARSERS[name]
    part = b"".join(data.draw(st.lists(st.sampled_from(pieces), min_size=1, max_size=4)))
    assert steps_of(parse, part * (size_bytes // len(part))) <= MOST_STEPS


@pytest.mark.parametrize("part", [b'}"{"', b"[]", b'{"a":{"', b"]"])
@pytest.mark.parametrize("times", [MAX_JSON_VALUES, 20_000])
def test_brackets_that_do_not_match_or_open_nothing_cost_little(part: bytes, times: int) -> None:
    """HT-17: closing brackets count as no value, so no limit of values bounds their number."""
    assert steps_of(json_body, part * times) <= MOST_STEPS


BOUNDED: dict[str, tuple[Parser, Callable[[int], bytes], int]] = {
    "path": (check_path.__wrapped__, lambda count: b"/a" * count, MAX_PATH_SEGMENTS),
    "query": (check_query, lambda count: b"&".join(b"%%41%d" % each for each in range(count)), MAX_QUERY_PARAMETERS),
    "form": (parse_form, lambda count: b"&".join(b"%%41%d=%%41" % each for each in range(count)), MAX_FORM_MEMBERS),
    "form of one list": (parse_form, lambda count: b"&".join([b"roles="] * count), MAX_FORM_MEMBERS),
    "cookies": (
        lambda value: cookie([(b"cookie", value)], b"n"),
        lambda count: b";".join([b" n=v"] * count),
        MAX_COOKIES,
    ),
    "If-None-Match": (
        lambda value: has_tag(b'"t"', [(b"if-none-match", value)]),
        lambda count: b",".join([b'"a"'] * count),
        MAX_ENTITY_TAGS,
    ),
    "Prefer": (
        lambda value: seconds_to_wait([(b"prefer", value)]),
        lambda count: b",".join([b"wait=x"] * count),
        MAX_PREFERENCES,
    ),
    "members": (
        json_body,
        lambda count: b"{" + b",".join(b'"\\u0061%d":1.5' % each for each in range(count)) + b"}",
        MAX_JSON_VALUES,
    ),
    "items": (
        json_body,
        lambda count: b'{"a":[' + b",".join([b'"\\u0061"'] * (count - 1)) + b"]}",
        MAX_JSON_VALUES,
    ),
    "empty objects": (
        json_body,
        lambda count: b'{"a":[' + b",".join([b"{}"] * (count // 2 - 1)) + b"]}",
        MAX_JSON_VALUES,
    ),
}
"""Parsers with a limit of parts, with their most expensive input of so many parts."""


@pytest.mark.parametrize("name", BOUNDED)
def test_as_many_parts_as_the_limit_are_accepted_and_cost_little(name: str) -> None:
    """HT-17."""
    parse, parts, limit = BOUNDED[name]
    parse(parts(limit))
    assert steps_of(parse, parts(limit)) <= MOST_STEPS


@pytest.mark.parametrize("name", BOUNDED)
def test_more_parts_are_refused_before_any_is_read(name: str) -> None:
    """HT-17: the refusal of a thousand parts costs as much as that of one too many."""
    parse, parts, limit = BOUNDED[name]
    with pytest.raises((DomainError, InvalidJson, ValueError)):
        parse(parts(limit + 2))
    assert steps_of(parse, parts(8 * limit)) == steps_of(parse, parts(limit + 2)) < STEPS_OF_A_REFUSAL


def test_only_the_last_forwarded_addresses_are_read() -> None:
    """HT-17, SI-09: of more proxies in a row than any service has, the rest is not looked at."""
    value = b",".join(b"10.0.1.%d" % number for number in range(200))
    assert forwarded(value) == f"10.0.1.{200 - MAX_FORWARDED_ADDRESSES}"
    longer = b"192.0.2.1," * 5_000 + value
    assert forwarded(longer) == forwarded(value)
    assert steps_of(forwarded, longer) == steps_of(forwarded, value) <= MOST_STEPS


@given(
    text=st.lists(st.sampled_from([b"%41", b"%c3%A9", b"%3d", b"%25", b"=", b"a", b" ", b"\t", b"\r\n", b"\n", b"_"]))
)
def test_percent_escapes_are_decoded_as_by_the_standard_library(text: list[bytes]) -> None:
    part = b"".join(text)
    assert not INCOMPLETE_PERCENT_ESCAPE.search(part)
    assert decode_text(part) == unquote_to_bytes(part).decode()


def test_every_escape_is_decoded() -> None:
    escapes: dict[str, Any] = {f"%{number:02X}": chr(number) for number in range(1, 128)}
    escapes |= {f"%{number:02x}": chr(number) for number in range(1, 128)}
    assert {escape: decode_text(escape.encode()) for escape in escapes} == escapes
