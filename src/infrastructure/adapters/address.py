"""The address of something outside of Doorward: a database, or what takes letters."""

import re
from dataclasses import dataclass, field
from typing import Self

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,49})://")
"""RFC 3986, section 3.1, followed by what begins an authority."""


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

    def __str__(self) -> str:
        return f"{self.scheme}://***"
