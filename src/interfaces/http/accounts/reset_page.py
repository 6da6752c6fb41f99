"""The page to which the link of a letter leads. It asks for the new password, and loads nothing from other hosts.

Opening it changes nothing: the token is in the fragment, which no browser sends, and only the POST of the form uses it.
"""

from pathlib import Path
from typing import Final

from litestar import get
from litestar.response.base import ASGIResponse

from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.wire.file_answer import file_answer

STATIC: Final = Path(__file__).parent / "static"
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

HEADERS: Final = (("Content-Security-Policy", CONTENT_SECURITY_POLICY),)
"""Caches do not keep these files, as no page about a password is kept."""


@get("/reset-password", include_in_schema=False, opt={"access": PUBLIC})
async def reset_page() -> ASGIResponse:
    return file_answer(STATIC / "reset-password.html", "text/html", HEADERS)


@get("/reset-password.js", include_in_schema=False, opt={"access": PUBLIC})
async def reset_script() -> ASGIResponse:
    return file_answer(STATIC / "reset-password.js", "text/javascript", HEADERS)
