"""Rules for the path and the query of a request. A path has one spelling, so that no proxy reads it differently."""

import re
from functools import lru_cache
from typing import Final

from doorward.interfaces.http.edge.forms import InvalidForm, decode_text
from doorward.interfaces.http.edge.part_limits import MAX_PATH_SEGMENTS, MAX_QUERY_PARAMETERS
from doorward.interfaces.http.errors.refusals import CredentialsInQuery, InvalidQuery, InvalidTarget, PathMissing

MAX_TARGET_BYTES: Final = 8_192
"""The limit of path and query together."""

MAX_CACHED_PATHS: Final = 256
PATH_CHARACTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
"""RFC 3986, section 2.3, and the slash. No route needs another character, and therefore none needs a percent sign."""

QUERY = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?\[\]]|%[0-9A-Fa-f]{2})*")
ESCAPED_CONTROL_CHARACTER = re.compile(rb"%(?:[01][0-9A-Fa-f]|7[Ff])")
NOT_A_LETTER = re.compile(r"[^a-z]")

CREDENTIAL_NAMES: Final = frozenset(
    "accesstoken apikey authorization clientsecret currentpassword idtoken jwt newpassword oldpassword passwd password "
    "pwd refreshtoken secret token xaccesstoken".split()
)
"""Names of parameters in lower case, without dashes, underscores and brackets."""


@lru_cache(MAX_CACHED_PATHS)
def check_path(path: bytes) -> None:
    """Raise InvalidTarget for a target with a scheme, a host or a fragment. Raise PathMissing unless the path is `/`,
    or has plain characters, no empty, `.` or `..` segment, and at most MAX_PATH_SEGMENTS."""
    if (path[:1] != b"/" and path != b"*") or b"#" in path:
        raise InvalidTarget
    if path.translate(None, PATH_CHARACTERS) or b"//" in path or path.count(b"/") > MAX_PATH_SEGMENTS:
        raise PathMissing
    if b"/." in path and not {b".", b".."}.isdisjoint(path.split(b"/")):
        raise PathMissing
    if path[-1:] == b"/" and path != b"/":
        raise PathMissing


def check_query(query: bytes) -> None:
    """Raise CredentialsInQuery if a name is that of a credential. Raise InvalidQuery unless the query is UTF-8 text
    without control characters, has each name once, and at most MAX_QUERY_PARAMETERS names."""
    if query.count(b"&") >= MAX_QUERY_PARAMETERS:
        raise InvalidQuery(f"The query has more than {MAX_QUERY_PARAMETERS} parameters.")
    if not QUERY.fullmatch(query):
        raise InvalidQuery
    try:
        decode_text(query)
        names = [decode_text(piece.partition(b"=")[0]) for piece in query.split(b"&") if piece]
    except InvalidForm as error:
        raise InvalidQuery from error
    if not CREDENTIAL_NAMES.isdisjoint([NOT_A_LETTER.sub("", name.casefold()) for name in names]):
        raise CredentialsInQuery
    if len(set(names)) != len(names) or ESCAPED_CONTROL_CHARACTER.search(query):
        raise InvalidQuery
