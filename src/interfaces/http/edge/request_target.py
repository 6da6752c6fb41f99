"""Rules for the path and the query of a request. A path has one spelling, so that no proxy reads it differently."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from doorward.interfaces.http.errors.refusals import CredentialsInQuery, InvalidQuery, PathMissing

MAX_TARGET_BYTES: Final = 8_192
"""The limit of path and query together."""

MAX_CACHED_PATHS: Final = 256
PATH_CHARACTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
"""RFC 3986, section 2.3, and the slash. No route needs another character, and therefore none needs a percent sign."""

QUERY = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?\[\]]|%[0-9A-Fa-f]{2})*")
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")

CREDENTIAL_NAMES: Final = frozenset(
    "accesstoken apikey authorization clientsecret currentpassword idtoken jwt newpassword oldpassword passwd password "
    "pwd refreshtoken secret token xaccesstoken".split()
)
"""Names of parameters in lower case, without dashes, underscores and brackets."""


@lru_cache(MAX_CACHED_PATHS)
def check_path(path: bytes) -> None:
    """Raise PathMissing unless the path is `/`, or has plain characters and no empty, `.` or `..` segment."""
    if path.translate(None, PATH_CHARACTERS) or b"//" in path or path[:1] != b"/":
        raise PathMissing
    if b"/." in path and not {b".", b".."}.isdisjoint(path.split(b"/")):
        raise PathMissing
    if path[-1:] == b"/" and path != b"/":
        raise PathMissing


def check_query(query: bytes) -> None:
    """Raise CredentialsInQuery if a name is that of a credential. Raise InvalidQuery unless the query is UTF-8 text
    without control characters and has each name once."""
    if not QUERY.fullmatch(query):
        raise InvalidQuery
    try:
        pairs = [
            [unquote_to_bytes(part.replace(b"+", b" ")).decode() for part in piece.partition(b"=")[::2]]
            for piece in query.split(b"&")
            if piece
        ]
    except UnicodeDecodeError as error:
        raise InvalidQuery from error
    names = [name for name, _ in pairs]
    if any(re.sub(r"[^a-z]", "", name.casefold()) in CREDENTIAL_NAMES for name in names):
        raise CredentialsInQuery
    if len(set(names)) != len(names) or any(CONTROL_CHARACTERS.search(text) for pair in pairs for text in pair):
        raise InvalidQuery
