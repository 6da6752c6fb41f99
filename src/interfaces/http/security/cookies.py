"""The ONE place that knows how browsers keep tokens: names the cookies, sets, reads and clears them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, final

from litestar import Request
from litestar.datastructures import Cookie
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from msgspec import UNSET, UnsetType

from doorward.application.sessions.issue_tokens import SignedIn
from doorward.domain.errors import InvalidRefreshToken, TokenRequired
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.request_headers import Header
from doorward.interfaces.http.errors.refusals import AmbiguousToken
from doorward.interfaces.http.security.cross_site import CrossSite

COOKIES: Final = "cookies"
"""The key in the application's state."""

BY_COOKIE: Final = "by_cookie"
"""The key in a request's state."""

HOST_PREFIX: Final = "__Host-"
"""Browsers take such a cookie by TLS only, from this very host and for all of its paths (RFC 6265bis, section 4.1.3):
no neighbouring subdomain can plant one."""

ACCESS, REFRESH = "doorward-access", "doorward-refresh"
BLANK: Final = b" \t"


@final
class Cookies:
    """No token is read here from a request that breaks the cross-site rule, so nobody can forget to ask."""

    def __init__(self, config: HttpConfig) -> None:
        prefix = HOST_PREFIX if config.https else ""
        self._cross_site = CrossSite(config)
        self._secure = config.https
        self.access, self.refresh = prefix + ACCESS, prefix + REFRESH
        self._cleared = [self._cookie(name, "", 0).to_encoded_header() for name in (self.access, self.refresh)]

    def access_token(self, scope: Scope) -> str:
        """Raise TokenRequired, AmbiguousToken, CrossSiteRequest or JsonRequired."""
        return self._token(scope, self.access)

    def refresh_token(self, scope: Scope) -> str:
        """Raise as `access_token`."""
        return self._token(scope, self.refresh)

    def accept(self, scope: Scope) -> None:
        """The client of this request keeps cookies. Raise CrossSiteRequest or JsonRequired."""
        self._cross_site.refuse(scope)
        scope["state"][BY_COOKIE] = True

    def holding(self, signed_in: SignedIn) -> Sequence[Cookie]:
        access, refresh = signed_in.access_token, signed_in.refresh_token
        return [
            self._cookie(self.access, access.value, access.expires_in),
            self._cookie(self.refresh, refresh.value, refresh.expires_in),
        ]

    def forgetting(self, scope: Scope, send: Send, status: int) -> Send:
        """Clears both cookies with an answer of that status to a request that came by cookie."""

        async def forget(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == status and came_by_cookie(scope):
                message["headers"] = [*message["headers"], *self._cleared]
            await send(message)

        return forget

    def behind(self, request: Request[Any, Any, Any]) -> "Browser":
        return Browser(self, request.scope)

    def _token(self, scope: Scope, name: str) -> str:
        token = cookie(scope["headers"], name.encode())
        if not token:
            raise TokenRequired
        self.accept(scope)
        return token.decode("latin-1")

    def _cookie(self, name: str, value: str, seconds: int) -> Cookie:
        return Cookie(name, value=value, max_age=seconds, secure=self._secure, httponly=True, samesite="lax")


@final
class Browser:
    """Whoever sent a request, which may be a browser that keeps its tokens in cookies."""

    def __init__(self, cookies: Cookies, scope: Scope) -> None:
        self.cookies = cookies
        self._scope = scope

    def accept(self, *, cookies: bool) -> None:
        """What it asks for at sign-in. Raise CrossSiteRequest or JsonRequired: nobody shall be signed in by a foreign
        page, either."""
        if cookies:
            self.cookies.accept(self._scope)

    def refresh_token(self, given: str | UnsetType) -> str:
        """The one `given` in the body, or else by cookie; the answer goes the same way. Raise AmbiguousToken,
        CrossSiteRequest or JsonRequired; InvalidRefreshToken without any: a browser drops what has expired."""
        if given is not UNSET:
            return given
        try:
            return self.cookies.refresh_token(self._scope)
        except TokenRequired as error:
            raise InvalidRefreshToken from error

    @property
    def keeps_cookies(self) -> bool:
        return came_by_cookie(self._scope)


def ends_session(status: int) -> Callable[[ASGIApp], ASGIApp]:
    """Middleware of a route: by an answer of that status the browser's session is over."""

    def around(app: ASGIApp) -> ASGIApp:
        async def forgetting(scope: Scope, receive: Receive, send: Send) -> None:
            cookies: Cookies = scope["litestar_app"].state[COOKIES]
            await app(scope, receive, cookies.forgetting(scope, send, status))

        return forgetting

    return around


def came_by_cookie(scope: Scope) -> bool:
    return BY_COOKIE in scope["state"]


def cookie(headers: Iterable[Header], name: bytes) -> bytes | None:
    """As browsers send it (RFC 6265, section 4.2.1), and read no more kindly: no quotes, no escapes, no other blanks.
    HTTP/2 may send several headers. Raise AmbiguousToken when two of that name differ: one of them was planted."""
    found: bytes | None = None
    for header, value in headers:
        if header == b"cookie":
            for pair in value.split(b";"):
                key, equals, content = pair.strip(BLANK).partition(b"=")
                if equals and key == name:
                    if found is not None and found != content:
                        raise AmbiguousToken
                    found = content
    return found
