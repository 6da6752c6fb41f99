"""Says in Doorward's words why a mail server did not take a letter.

What the server wrote is left out: it may repeat the address, and it comes from another machine.
"""

import ssl
from collections.abc import Mapping
from typing import Final

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from doorward.domain.errors import LetterUndelivered

FIRST_PERMANENT_CODE: Final = 500
"""Replies from 500 on are permanent (RFC 5321, section 4.2.1)."""

REFUSED: Final[Mapping[type[SMTPResponseException], str]] = {
    SMTPDataError: "message",
    SMTPSenderRefused: "sender",
    SMTPAuthenticationError: "user or the password",
    SMTPResponseException: "connection",
}
"""What the server refused with a code. The more special classes come first."""

UNREACHABLE: Final = "the mail server cannot be reached"
TEXTS: Final[Mapping[type[Exception], str]] = {
    SMTPTimeoutError: "the mail server did not answer in time",
    TimeoutError: "the mail server did not answer in time",
    SMTPServerDisconnected: "the mail server closed the connection",
    SMTPConnectError: UNREACHABLE,
    OSError: UNREACHABLE,
    SMTPException: "the mail server does not offer STARTTLS or the login that the settings require",
}
"""Other errors. The last one is what aiosmtplib raises for a server without STARTTLS."""


def undelivered(error: Exception) -> LetterUndelivered:
    """Return the failure that an error of aiosmtplib or of the network means.

    A recipient or a message that is refused for good is final. A refused sender or a wrong password is not, because the
    operator can correct it.
    """
    if isinstance(error, SMTPRecipientsRefused):
        code = error.recipients[0].code
        return refused("recipient", code, final=code >= FIRST_PERMANENT_CODE)
    if isinstance(error, SMTPResponseException):
        what = next(what for kind, what in REFUSED.items() if isinstance(error, kind))
        is_final = isinstance(error, SMTPDataError) and error.code >= FIRST_PERMANENT_CODE
        return refused(what, error.code, final=is_final)
    if any(isinstance(each, ssl.SSLError) for each in chain(error)):
        return LetterUndelivered("TLS with the mail server failed: its certificate must be valid for its name")
    return LetterUndelivered(
        next((text for kind, text in TEXTS.items() if isinstance(error, kind)), type(error).__name__)
    )


def refused(what: str, code: int, *, final: bool) -> LetterUndelivered:
    return LetterUndelivered(f"the mail server refused the {what} ({code})", final=final)


def chain(error: BaseException | None) -> list[BaseException]:
    """Return the error and what caused it."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
