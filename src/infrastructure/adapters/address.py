"""The address of something outside of Doorward: a database, or what takes letters."""

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,49})://")
"""RFC 3986, section 3.1, followed by what begins an authority."""

SECRET_OPTION = re.compile(r"[?&;][^=&;]*(?:pass|pwd|secret|token|key)[^=&;]*=([^&;#]+)", re.IGNORECASE)
"""An option of a URL whose name says that its value is secret."""

MIN_SECRET_CHARACTERS = 4
"""Shorter texts are parts of ordinary words."""


@dataclass(frozen=True, slots=True)
class Address:
    """A URL as it was written. Only the adapter of its scheme knows what the rest of it means.

    The rest may hold a password in any place, so that neither `repr` nor `str` shows more than the scheme.
    """

    scheme: str
    """In lower case, such as `postgresql` or `mysql+asyncmy`."""
    text: str = field(repr=False)
    """The whole URL, with its secrets."""

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Return the address. Raise ValueError, which does not contain the text, if it does not begin with
        `SCHEME://`."""
        text = raw.strip()
        found = SCHEME.match(text)
        if found is None:
            raise ValueError("write a URL that begins with a scheme and ://")
        return cls(found[1].lower(), text)

    @property
    def name(self) -> str:
        """Return the scheme without the driver behind a `+`. An adapter is found by it."""
        return self.scheme.partition("+")[0]

    @property
    def rest(self) -> str:
        """Return what follows `SCHEME://`, with its secrets."""
        return self.text.partition("://")[2]

    def hidden_in(self, text: str) -> str:
        """Return a text of somebody else with `***` in place of what looks like a secret of this URL."""
        secrets = [self.rest.rpartition("@")[0].partition(":")[2], *SECRET_OPTION.findall(self.text)]
        for secret in (self.text, self.rest, *secrets) if any(secrets) else ():
            for spelling in (secret, unquote(secret)):
                text = text.replace(spelling, "***") if len(spelling) >= MIN_SECRET_CHARACTERS else text
        return text

    def __str__(self) -> str:
        return f"{self.scheme}://***"
