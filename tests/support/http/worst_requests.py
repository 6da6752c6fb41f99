"""The most expensive requests that are accepted, one for each parser of what a stranger sends."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from doorward.interfaces.http.edge.part_limits import (
    MAX_COOKIES,
    MAX_ENTITY_TAGS,
    MAX_FORM_MEMBERS,
    MAX_FORWARDED_ADDRESSES,
    MAX_JSON_VALUES,
    MAX_PATH_SEGMENTS,
    MAX_PREFERENCES,
    MAX_QUERY_PARAMETERS,
    MAX_SMALL_CHUNKS,
)
from doorward.interfaces.http.edge.request_headers import MAX_HEADERS
from support.http.edge_driver import JSON, Header

CHEAP = "/api/test/all"
FORM: Header = (b"content-type", b"application/x-www-form-urlencoded")
SIGN_UP = "/api/auth/signup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """A request that is as expensive as possible with `parts`, for any number of parts."""

    path: str = CHEAP
    query: Callable[[int], bytes] = lambda _: b""
    headers: Callable[[int], Sequence[Header]] = lambda _: ()
    body: Callable[[int], Sequence[bytes]] = lambda _: ()
    parts: int = 0
    """The most that are answered."""
    refused: tuple[int, str, str] | None = None
    """Status, code and detail of the answer to one part more; None if there is no such limit."""


def joined(separator: bytes, part: bytes, count: int) -> bytes:
    """Return that many parts. `#` in a part is its number."""
    return separator.join(part.replace(b"#", b"%d" % number) for number in range(count))


REQUESTS = {
    "query": Worst(
        query=lambda parts: joined(b"&", b"%41%c3%a9#=%41", parts),
        parts=MAX_QUERY_PARAMETERS,
        refused=(400, "invalid_query", "The query has more than 64 parameters."),
    ),
    "escapes in a query": Worst(query=lambda _: b"q=" + b"%41" * 2_700),
    "path": Worst(path="/a" * MAX_PATH_SEGMENTS),
    "form": Worst(
        path=SIGN_UP,
        headers=lambda _: [FORM],
        body=lambda parts: [joined(b"&", b"%41#=%41%c3%a9", parts)],
        parts=MAX_FORM_MEMBERS,
        refused=(400, "invalid_form", "The form has more than 64 members."),
    ),
    "roles in a form": Worst(
        path=SIGN_UP,
        headers=lambda _: [FORM],
        body=lambda parts: [joined(b"&", b"roles=%41", parts)],
        parts=MAX_FORM_MEMBERS,
        refused=(400, "invalid_form", "The form has more than 64 members."),
    ),
    "escapes in a form": Worst(path=SIGN_UP, headers=lambda _: [FORM], body=lambda _: [b"a=" + b"%41" * 5_400]),
    "JSON members": Worst(
        path=SIGN_UP,
        headers=lambda _: [JSON],
        body=lambda parts: [b"{" + joined(b",", b'"\\u0061#":1.5', parts) + b"}"],
        parts=MAX_JSON_VALUES,
        refused=(400, "invalid_json", "The JSON has more than 128 members and items."),
    ),
    "JSON objects": Worst(
        path=SIGN_UP,
        headers=lambda _: [JSON],
        body=lambda parts: [b'{"\\u0061":[' + joined(b",", b"{}", parts) + b"]}"],
        parts=MAX_JSON_VALUES // 2 - 1,
        refused=(400, "invalid_json", "The JSON has more than 128 members and items."),
    ),
    "deep JSON": Worst(
        path=SIGN_UP,
        headers=lambda _: [JSON],
        body=lambda parts: [b'{"\\u0061":' + b"[" * 30 + joined(b",", b'"a"', parts) + b"]" * 30 + b"}"],
        parts=MAX_JSON_VALUES - 30,
        refused=(400, "invalid_json", "The JSON has more than 128 members and items."),
    ),
    "quotation marks": Worst(path=SIGN_UP, headers=lambda _: [JSON], body=lambda _: [b'",' * 8_000]),
    "chunks": Worst(
        path=SIGN_UP,
        headers=lambda _: [JSON],
        body=lambda parts: [b" "] * parts,
        parts=MAX_SMALL_CHUNKS,
        refused=(413, "body_too_large", "The body has more than 128 chunks of few bytes."),
    ),
    "cookies": Worst(
        path="/api/test/user",
        headers=lambda parts: [(b"cookie", joined(b"; ", b"n=v", parts))],
        parts=MAX_COOKIES,
        refused=(431, "headers_too_large", "The request has more than 200 cookies."),
    ),
    "If-None-Match": Worst(
        path="/.well-known/jwks.json",
        headers=lambda parts: [(b"if-none-match", joined(b",", b'W/"a"', parts))],
        parts=MAX_ENTITY_TAGS,
        refused=(431, "headers_too_large", "If-None-Match has more than 64 entity tags."),
    ),
    "Prefer": Worst(
        path="/.well-known/revocations",
        headers=lambda parts: [(b"prefer", joined(b",", b"wait=1 x", parts))],
        parts=MAX_PREFERENCES,
        refused=(431, "headers_too_large", "Prefer has more than 32 preferences."),
    ),
    "headers": Worst(
        headers=lambda parts: [(b"x-a", b"a" * 600)] * (parts - 1),
        parts=MAX_HEADERS,
        refused=(431, "headers_too_large", "The request has more than 100 headers."),
    ),
    "X-Forwarded-For": Worst(
        headers=lambda parts: [(b"x-forwarded-for", joined(b", ", b"fe80::1:2:3:4:5:#", parts))],
        parts=8_000 // MAX_FORWARDED_ADDRESSES,
    ),
    "Basic": Worst(
        path="/api/auth/introspect",
        headers=lambda _: [(b"authorization", b"Basic " + b64encode(b"%41" * 200 + b":" + b"%41" * 50)), JSON],
        body=lambda _: [b"{}"],
    ),
    "token": Worst(
        path="/api/test/user", headers=lambda _: [(b"authorization", b"Bearer " + b".".join([b"a" * 2_700] * 3))]
    ),
    "header of a token": Worst(
        path="/api/test/user",
        headers=lambda _: [(b"x-access-token", b64encode(b'{"a":[' + b"{}," * 240 + b"{}]}  ") + b".e30.e30")],
    ),
    "headers that are not read": Worst(
        headers=lambda _: [
            (name, b'a;q=1,"' * 1_000)
            for name in (b"accept", b"accept-language", b"accept-encoding", b"forwarded", b"cookie", b"user-agent")
        ]
    ),
    "Origin": Worst(headers=lambda _: [(b"origin", b"https://" * 8_000)]),
    "Content-Type": Worst(
        path=SIGN_UP, headers=lambda _: [(b"content-type", b"application/json;" * 3_700)], body=lambda _: [b"{}"]
    ),
}
"""The kinds of requests, each with its most expensive parts."""
