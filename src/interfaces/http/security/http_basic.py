"""Reads the HTTP Basic credentials (RFC 7617) of OAuth clients: a form-encoded id and secret (RFC 6749, 2.3.1)."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Final

from doorward.domain.errors import InvalidClient
from doorward.interfaces.http.edge.forms import INCOMPLETE_PERCENT_ESCAPE, InvalidForm, decode_text
from doorward.interfaces.http.edge.request_headers import Header

BASIC: Final = b"basic "
MAX_CREDENTIALS_CHARACTERS: Final = 1_024
"""The limit in characters of base64. An id and a secret with every letter percent-encoded have about 300."""


def client_credentials(headers: Iterable[Header]) -> tuple[str, str]:
    """Return the id and the secret of a request; they are not verified. Raise InvalidClient without credentials, and
    for credentials with several readings: base64 that is not canonical, no colon, an incomplete percent escape, text
    that is not UTF-8."""
    given = [value for name, value in headers if name == b"authorization"]
    if len(given) != 1 or given[0][: len(BASIC)].lower() != BASIC:
        raise InvalidClient
    pair = decode_credentials(given[0][len(BASIC) :].strip(b" "))
    client_id, colon, secret = pair.partition(b":")
    if not colon or INCOMPLETE_PERCENT_ESCAPE.search(pair):
        raise InvalidClient
    try:
        return decode_text(client_id), decode_text(secret)
    except InvalidForm as error:
        raise InvalidClient from error


def decode_credentials(encoded: bytes) -> bytes:
    """Return the bytes behind canonical, padded base64. Raise InvalidClient."""
    if len(encoded) > MAX_CREDENTIALS_CHARACTERS:
        raise InvalidClient
    try:
        plain = b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise InvalidClient from error
    if b64encode(plain) != encoded:
        raise InvalidClient
    return plain
