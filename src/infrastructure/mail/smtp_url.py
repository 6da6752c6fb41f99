"""The URL of a mail server: `smtp[s]://user:password@host:port`."""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from doorward.infrastructure.settings.web_addresses import is_loopback, parse_host

DEFAULT_PORTS: Final = {"smtp": 587, "smtps": 465}
"""Submission (RFC 6409), and submission over implicit TLS (RFC 8314)."""

FORM: Final = "write smtp://USER:PASSWORD@HOST:PORT, or smtps:// for implicit TLS; encode @ : / ? # % in the password"


class MailTls(Enum):
    IMPLICIT = auto()
    """From the first byte."""
    STARTTLS = auto()
    """Required before anything else is said."""
    NONE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpUrl:
    """Where and how letters are handed over."""

    host: str
    port: int
    tls: MailTls
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Return the parsed URL. Raise ValueError, which does not contain the password.

        `smtp://` requires STARTTLS, so that nobody on the way can turn it off. The exceptions are a server on this
        machine, and `?starttls=off`, which takes no password.
        """
        try:
            parts = urlsplit(raw)
        except ValueError:  # the message contains the user and the password
            raise ValueError(FORM) from None
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.path not in {"", "/"} or parts.fragment:
            raise ValueError(FORM)
        if options and (options != {"starttls": "off"} or parts.scheme != "smtp"):
            raise ValueError("the only option is ?starttls=off, for smtp://")
        if (parts.username is None) != (parts.password is None):
            raise ValueError("give both a user and a password, or neither")
        try:
            port = parts.port or DEFAULT_PORTS[parts.scheme]
            parse_host(parts.hostname)
        except ValueError:
            raise ValueError(FORM) from None
        tls = MailTls.IMPLICIT if parts.scheme == "smtps" else MailTls.STARTTLS
        if parts.scheme == "smtp" and (options or is_loopback(parts.hostname)):
            tls = MailTls.NONE
        if tls is MailTls.NONE and parts.password is not None and not is_loopback(parts.hostname):
            raise ValueError("a password needs TLS: remove ?starttls=off, or the user and password")
        return cls(
            host=parts.hostname,
            port=port,
            tls=tls,
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
        )

    @property
    def masked(self) -> str:
        """Return the URL without its password."""
        scheme = "smtps" if self.tls is MailTls.IMPLICIT else "smtp"
        who = f"{self.user}:***@" if self.user else ""
        return f"{scheme}://{who}{self.host}:{self.port}"
