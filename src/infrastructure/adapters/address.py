"""The address of something outside of Doorward: a database, or what takes letters."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, unquote_plus

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,49})://")
"""RFC 3986, section 3.1, followed by what begins an authority."""

SECRET_OPTION = re.compile(
    r"[?&;#][^=&;#]*(?:pass|pwd|secret|token|key|auth|credential)[^=&;#]*=([^&;#]+)", re.IGNORECASE
)
"""An option of a URL, also in its fragment, whose name says that its value is secret."""

END_OF_AUTHORITY = re.compile(r"[/?#]")

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
        secrets = list(filter(None, self._secrets()))
        spellings = {
            spelling
            for secret in (self.text, self.rest, *secrets)
            for spelling in (secret, unquote(secret), unquote_plus(secret))
            if secrets and len(spelling) >= MIN_SECRET_CHARACTERS
        }
        for spelling in sorted(spellings, key=len, reverse=True):  # one may be a part of another
            text = text.replace(spelling, "***")
        return text

    def _secrets(self) -> Iterator[str]:
        """Yield what may be secret, as it is written. A user without a password is often the key of an account."""
        user, colon, password = END_OF_AUTHORITY.split(self.rest, 1)[0].rpartition("@")[0].partition(":")
        yield password if colon else user
        yield self.rest.rpartition("@")[0].partition(":")[2]  # the characters / ? # and @ of a password may be as typed
        yield from SECRET_OPTION.findall(self.text)

    def __str__(self) -> str:
        return f"{self.scheme}://***"
