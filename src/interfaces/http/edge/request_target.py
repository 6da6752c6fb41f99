"""Which paths and queries may reach the router: those with one spelling, so that no proxy reads them otherwise."""

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from doorward.interfaces.http.errors.problems import Refusal

LONGEST = 8_192
"""Bytes of path and query together."""

TOO_LONG = Refusal(414, "uri_too_long", f"The address is longer than {LONGEST} bytes.", closes=True)
NO_SUCH_PATH = Refusal(404, "not_found", "Not Found.")
INVALID_QUERY = Refusal(400, "invalid_query", "The query is not well-formed, or names a parameter twice.")
SECRET_IN_QUERY = Refusal(
    400,
    "credentials_in_query",
    "Credentials and tokens do not belong into an address: send them in the body or a header.",
)

PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
"""RFC 3986, section 2.3, and the slash. No route needs any other, hence no percent sign either."""

QUERY = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?\[\]]|%[0-9A-Fa-f]{2})*")
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")

SECRETS = frozenset(
    "accesstoken apikey authorization clientsecret currentpassword idtoken jwt newpassword oldpassword passwd password "
    "pwd refreshtoken secret token xaccesstoken".split()
)
"""Without dashes, underscores, brackets and case."""


@lru_cache(256)
def canonical(path: bytes) -> bool:
    """True for `/` and for paths of plain characters without an empty, `.` or `..` segment."""
    if path.translate(None, PLAIN) or b"//" in path or path[:1] != b"/":
        return False
    if b"/." in path and not {b".", b".."}.isdisjoint(path.split(b"/")):
        return False
    return path[-1:] != b"/" or path == b"/"


def refuse_query(query: bytes) -> Refusal | None:
    """None for a query of UTF-8 text without control characters, without secrets, each name once."""
    if not QUERY.fullmatch(query):
        return INVALID_QUERY
    try:
        pairs = [
            [unquote_to_bytes(part.replace(b"+", b" ")).decode() for part in piece.partition(b"=")[::2]]
            for piece in query.split(b"&")
            if piece
        ]
    except UnicodeDecodeError:
        return INVALID_QUERY
    names = [name for name, _ in pairs]
    if any(re.sub(r"[^a-z]", "", name.casefold()) in SECRETS for name in names):
        return SECRET_IN_QUERY
    if len(set(names)) != len(names) or any(CONTROLS.search(text) for pair in pairs for text in pair):
        return INVALID_QUERY
    return None
