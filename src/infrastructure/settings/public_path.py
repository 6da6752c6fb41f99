"""The paths in DOORWARD_PUBLIC_URL and DOORWARD_ISSUER, and when such a path is refused."""

import re

from doorward.infrastructure.settings.start_refused import StartRefused

PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+){1,8}")
"""One to eight segments of unreserved characters (RFC 3986, section 2.3), none of which is `.` or `..`."""

MAX_PATH_CHARACTERS = 100
ISSUER = re.compile(rf"https?://[^/?#]+(?P<path>{PATH.pattern})/?")

OPERATIONS_SEGMENTS = frozenset({".well-known", "health", "healthz", "metrics", "readyz"})
"""The first segments of routes that are requested without the path of PUBLIC_URL."""

OTHER_SEGMENTS = frozenset(
    {
        *("api", "docs", "openapi.json"),
        *("accept-invitation", "change-email", "link-page.js", "reset-password", "undo", "verify-email"),
    }
)
"""The first segments of all other routes."""


def parse_public_path(raw: str) -> str:
    """Return the path of PUBLIC_URL without a slash at the end; empty for the root. Raise ValueError."""
    path = raw.removesuffix("/")
    if path and (len(path) > MAX_PATH_CHARACTERS or not PATH.fullmatch(path)):
        raise ValueError(
            f"write a path of at most 8 segments and {MAX_PATH_CHARACTERS} characters, from letters, digits, "
            "-, ., _ and ~, such as https://example.com/auth"
        )
    return path


def issuer_path(issuer: str) -> str:
    """Return the path of an issuer that is a web address, without a slash at the end; empty for any other issuer."""
    found = ISSUER.fullmatch(issuer)
    return found["path"] if found else ""


def refuse_ambiguous_path(path: str, proxy_path: str) -> None:
    """Raise StartRefused if the path of PUBLIC_URL cannot be told from the beginning of a route."""
    first = path.split("/")[1] if path else ""
    if first in OPERATIONS_SEGMENTS:
        raise StartRefused(
            f"DOORWARD_PUBLIC_URL: /{first} is the beginning of a route of Doorward; write another path, such as /auth."
        )
    if first in OTHER_SEGMENTS and proxy_path == "either":
        raise StartRefused(
            f"DOORWARD_PUBLIC_URL: /{first} is also the beginning of routes of Doorward. Say what the proxy does with "
            "the path, by DOORWARD_PROXY_PATH=kept or DOORWARD_PROXY_PATH=stripped, or write another path."
        )
