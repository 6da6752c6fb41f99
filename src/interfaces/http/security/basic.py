"""HTTP Basic (RFC 7617) as clients use it: both halves are form-encoded before they are joined (RFC 6749, 2.3.1)."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Final

from doorward.domain.errors import InvalidClient
from doorward.interfaces.http.edge.forms import LONE_PERCENT, InvalidForm, text_of
from doorward.interfaces.http.edge.request_headers import Header

SCHEME: Final = b"basic "
LONGEST: Final = 1_024
"""Characters of base64; an id and a secret with each letter percent-encoded have about 300."""


def client_credentials(headers: Iterable[Header]) -> tuple[str, str]:
    """The id and the secret of a request, unverified. Raise InvalidClient for none, and for what has more than one
    reading: base64 in another than its one spelling, no colon, a stray percent sign, text that is not UTF-8."""
    given = [value for name, value in headers if name == b"authorization"]
    if len(given) != 1 or given[0][: len(SCHEME)].lower() != SCHEME:
        raise InvalidClient
    pair = decoded(given[0][len(SCHEME) :].strip(b" "))
    client_id, colon, secret = pair.partition(b":")
    if not colon or LONE_PERCENT.search(pair):
        raise InvalidClient
    try:
        return text_of(client_id), text_of(secret)
    except InvalidForm as error:
        raise InvalidClient from error


def decoded(encoded: bytes) -> bytes:
    if len(encoded) > LONGEST:
        raise InvalidClient
    try:
        plain = b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise InvalidClient from error
    if b64encode(plain) != encoded:
        raise InvalidClient
    return plain
