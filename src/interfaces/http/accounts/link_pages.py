"""The pages to which the links of letters lead. They load nothing from other hosts.

Opening one changes nothing: the token is in the fragment, which no browser sends, and only the POST of the form uses
it.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Final, final

from litestar import get
from litestar.response.base import ASGIResponse

from doorward.interfaces.http.security.access import PUBLIC

STATIC: Final = Path(__file__).parent / "static"
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPage:
    """A page with a form that sends the token of a link to a route. Its texts are constants and go into HTML as they
    are."""

    title: str
    route: str
    """Relative to the page."""
    button: str
    done: str
    """What is shown when the route has accepted the token."""
    fields: str = ""
    """HTML of what is sent beside the token."""
    text: str = ""
    next: str = ""
    """The page that takes the `resetToken` of the answer, or empty for a page that shows `done`."""


RESET: Final = LinkPage(
    title="Choose a new password",
    route="api/auth/password/reset",
    fields=(
        '<p><label for="password">New password</label></p>\n'
        '<p><input id="password" name="newPassword" type="password" autocomplete="new-password" required></p>'
    ),
    button="Save",
    done="Your password was changed. You can sign in with it now.",
)
VERIFY: Final = LinkPage(
    title="Confirm your email address",
    route="api/auth/verify",
    button="Confirm",
    done="Your email address is confirmed.",
)
CHANGE: Final = LinkPage(
    title="Confirm your new email address",
    route="api/account/email/confirm",
    button="Confirm",
    done="Your account has this email address now.",
)
UNDO: Final = LinkPage(
    title="Undo a change of your account",
    text="If somebody else changed your password or your email address, take the account back. It gets the email "
    "address of this letter, all sessions end, and you choose a new password.",
    route="api/auth/undo",
    button="Take the account back",
    done="The change was undone. Choose a new password now.",
    next="reset-password",
)
INVITATION: Final = LinkPage(
    title="Create your account",
    route="api/auth/invitation",
    fields=(
        '<p><label for="username">Username</label></p>\n'
        '<p><input id="username" name="username" autocomplete="username" required></p>\n'
        '<p><label for="password">Password</label></p>\n'
        '<p><input id="password" name="password" type="password" autocomplete="new-password" required></p>'
    ),
    button="Create",
    done="Your account was created. You can sign in now.",
)


@cache
def page_answer(page: LinkPage) -> ASGIResponse:
    """Return the answer with this page."""
    values = {name: getattr(page, name) for name in LinkPage.__slots__}
    return answer_of(Template((STATIC / "link-page.html").read_text("utf-8")).substitute(values), "text/html")


@cache
def script_answer() -> ASGIResponse:
    return answer_of((STATIC / "link-page.js").read_text("utf-8"), "text/javascript")


def answer_of(text: str, media_type: str) -> ASGIResponse:
    """Return the answer with this text. It is not kept by caches, as no page about a password is."""
    return ASGIResponse(
        body=text.encode(), media_type=media_type, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    )


@get("/reset-password", include_in_schema=False, opt={"access": PUBLIC})
async def reset_page() -> ASGIResponse:
    return page_answer(RESET)


@get("/verify-email", include_in_schema=False, opt={"access": PUBLIC})
async def verify_page() -> ASGIResponse:
    return page_answer(VERIFY)


@get("/change-email", include_in_schema=False, opt={"access": PUBLIC})
async def change_page() -> ASGIResponse:
    return page_answer(CHANGE)


@get("/undo", include_in_schema=False, opt={"access": PUBLIC})
async def undo_page() -> ASGIResponse:
    return page_answer(UNDO)


@get("/accept-invitation", include_in_schema=False, opt={"access": PUBLIC})
async def invitation_page() -> ASGIResponse:
    return page_answer(INVITATION)


@get("/link-page.js", include_in_schema=False, opt={"access": PUBLIC})
async def link_page_script() -> ASGIResponse:
    return script_answer()
