"""The only place that names, sets, reads and clears the cookies in which browsers keep tokens."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, final

from litestar import Request
from litestar.datastructures import Cookie
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from msgspec import UNSET, UnsetType

from doorward.application.sessions.issue_tokens import SignedIn
from doorward.domain.errors import InvalidRefreshToken
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.part_limits import MAX_COOKIES
from doorward.interfaces.http.edge.request_headers import Header
from doorward.interfaces.http.errors.refusals import AmbiguousToken, HeadersTooLarge, TokenRequired
from doorward.interfaces.http.security.cross_site import CrossSiteRule

COOKIES: Final = "cookies"
"""The key in the application's state of its Cookies."""

USES_COOKIES: Final = "uses_cookies"
"""The key in the state of a request whose tokens came in cookies or are to be set as cookies."""

HOST_PREFIX: Final = "__Host-"
"""Browsers accept such a cookie over TLS only, from exactly this host and for all of its paths (RFC 6265bis, section
4.1.3). Another subdomain cannot set one."""

SECURE_PREFIX: Final = "__Secure-"
"""Browsers accept such a cookie over TLS only, and it may be for one path. Used if the public URL has a path, so that
other programs of the host do not get the tokens."""

ACCESS_COOKIE, REFRESH_COOKIE, DEVICE_COOKIE = "doorward-access", "doorward-refresh", "doorward-device"
DEVICE_COOKIE_SECONDS: Final = 34_560_000
"""400 days, the longest that browsers keep a cookie (RFC 6265bis, section 5.5)."""

NO_CONTENT: Final = 204
"""The status of an answer that ended a session."""

WHITESPACE: Final = b" \t"


@final
class Cookies:
    """Sets, reads and clears the two cookies of tokens. A token is read only after a check of the cross-site rule, so
    that no caller can forget the check. A third cookie holds the device token."""

    def __init__(self, config: HttpConfig) -> None:
        prefix = (SECURE_PREFIX if config.public_path else HOST_PREFIX) if config.https else ""
        self._cross_site = CrossSiteRule(config)
        self._secure, self._path = config.https, config.public_path or "/"
        self.access, self.refresh = prefix + ACCESS_COOKIE, prefix + REFRESH_COOKIE
        self.device = prefix + DEVICE_COOKIE
        self._cleared = [self._cookie(name, "", 0).to_encoded_header() for name in (self.access, self.refresh)]

    def access_token(self, scope: Scope) -> str:
        """Return the access token in the cookie. Raise TokenRequired, AmbiguousToken, CrossSiteRequest or
        JsonRequired."""
        return self._token(scope, self.access)

    def refresh_token(self, scope: Scope) -> str:
        """Return the refresh token in the cookie. Raise TokenRequired, AmbiguousToken, CrossSiteRequest or
        JsonRequired."""
        return self._token(scope, self.refresh)

    def use(self, scope: Scope) -> None:
        """Check the cross-site rule, and store in the request's state that it uses cookies. Raise CrossSiteRequest or
        JsonRequired."""
        self._cross_site.check(scope)
        scope["state"][USES_COOKIES] = True

    def for_tokens(self, signed_in: SignedIn) -> Sequence[Cookie]:
        """Return the two cookies that hold these tokens."""
        access, refresh = signed_in.access_token, signed_in.refresh_token
        return [
            self._cookie(self.access, access.value, access.expires_in),
            self._cookie(self.refresh, refresh.value, refresh.expires_in),
        ]

    def for_device(self, token: str) -> Cookie:
        """Return the cookie that holds this device token."""
        return self._cookie(self.device, token, DEVICE_COOKIE_SECONDS)

    def clearing(self, scope: Scope, send: Send) -> Send:
        """Return a `send` that clears both cookies with a successful answer, if the request uses cookies. A refusal
        clears nothing: the browser may have the cookies of a newer session by then."""

        async def clear(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == NO_CONTENT and uses_cookies(scope):
                message["headers"] = [*message["headers"], *self._cleared]
            await send(message)

        return clear

    def browser_of(self, request: Request[Any, Any, Any]) -> "Browser":
        """Return the client of a request. For Litestar's dependencies."""
        return Browser(self, request.scope)

    def _token(self, scope: Scope, name: str) -> str:
        token = cookie(scope["headers"], name.encode())
        if not token:
            raise TokenRequired
        self.use(scope)
        return token.decode("latin-1")

    def _cookie(self, name: str, value: str, seconds: int) -> Cookie:
        path, secure = self._path, self._secure
        return Cookie(name, path, value, max_age=seconds, secure=secure, httponly=True, samesite="lax")


@final
class Browser:
    """The client of a request, which may be a browser that keeps its tokens in cookies."""

    def __init__(self, cookies: Cookies, scope: Scope) -> None:
        self.cookies = cookies
        self._scope = scope

    def use_cookies(self, *, wanted: bool) -> None:
        """Set the tokens of this sign-in as cookies if that is `wanted`. Raise CrossSiteRequest or JsonRequired: also a
        sign-in must not come from a foreign page."""
        if wanted:
            self.cookies.use(self._scope)

    def refresh_token(self, given: str | UnsetType) -> str:
        """Return the token `given` in the body or, without one, the token in the cookie. The answer then sets cookies,
        too. Raise AmbiguousToken, CrossSiteRequest or JsonRequired. Raise InvalidRefreshToken without any token, since
        a browser drops expired cookies."""
        if given is not UNSET:
            return given
        try:
            return self.cookies.refresh_token(self._scope)
        except TokenRequired as error:
            raise InvalidRefreshToken from error

    @property
    def device_token(self) -> str | None:
        """The device token of the browser, if it has one. It is not verified."""
        token = cookie(self._scope["headers"], self.cookies.device.encode())
        return None if token is None else token.decode("latin-1")

    @property
    def uses_cookies(self) -> bool:
        """True when the answer puts the tokens into cookies."""
        return uses_cookies(self._scope)


def ends_session(app: ASGIApp) -> ASGIApp:
    """Return the application of a route that ends the session: it clears the cookies. For Litestar's `middleware`."""

    async def clear_cookies(scope: Scope, receive: Receive, send: Send) -> None:
        cookies: Cookies = scope["litestar_app"].state[COOKIES]
        await app(scope, receive, cookies.clearing(scope, send))

    return clear_cookies


def uses_cookies(scope: Scope) -> bool:
    """Return whether the request came with a token in a cookie, or asked for cookies at sign-in."""
    return USES_COOKIES in scope["state"]


def cookie(headers: Iterable[Header], name: bytes) -> bytes | None:
    """Return the value of a cookie as browsers send it (RFC 6265, section 4.2.1), without support for quotes, escapes
    or other whitespace. HTTP/2 may send several headers. Raise AmbiguousToken when two cookies of that name differ:
    another page has set one of them. Raise HeadersTooLarge for more than MAX_COOKIES."""
    cookies = b";".join(value for header, value in headers if header == b"cookie")
    if cookies.count(b";") >= MAX_COOKIES:
        raise HeadersTooLarge(f"The request has more than {MAX_COOKIES} cookies.")
    found: bytes | None = None
    for pair in cookies.split(b";"):
        key, equals, content = pair.strip(WHITESPACE).partition(b"=")
        if equals and key == name:
            if found is not None and found != content:
                raise AmbiguousToken
            found = content
    return found
