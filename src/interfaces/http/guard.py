"""Who is asking, and may they? Decided once for every request, by what the matched route declares in its `opt`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, final

from dishka import AsyncContainer
from litestar import Litestar, Request
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send

from application.access.authorize_role import AuthorizeRole
from application.ports.clock import Clock
from application.ports.security import AccessTokens, SecurityLog
from application.services.authenticate_client import AuthenticateClient
from domain.access.decision import Requirement
from domain.access.principal import Principal
from domain.errors import CrossSiteRequest, InvalidClient, InvalidToken, RoleRequired, TokenRequired, Unauthenticated
from domain.ids import UserId
from domain.services.service import Service
from interfaces.http.basic import client_credentials
from interfaces.http.cookies import ENDS, Cookies
from interfaces.http.heads import Header
from interfaces.http.prepared import methods_answer
from interfaces.http.refusals import AmbiguousToken, JsonRequired

ACCESS: Final = "access"
"""The key in a route's `opt`. Its value is PUBLIC, SERVICE or a Requirement; there is no fourth, and no default."""

PUBLIC: Final = "public"

SERVICE: Final = "service"
"""For registered services, which authenticate by HTTP Basic; no account's token opens it."""

INSTEAD: Final = "instead"
"""The key of an answer that stands in for a public route's own."""

SCHEME: Final = b"bearer "


class UndeclaredAccess(Exception):
    """A route does not say who may use it. The application is not built, so that nothing is open by oversight."""


@dataclass(frozen=True, slots=True)
class Parts:
    tokens: AccessTokens
    authorize: AuthorizeRole
    clock: Clock
    log: SecurityLog


@final
class Guard:
    """The middleware around every route. No database, no container and no Request object on its good path."""

    def __init__(self, container: AsyncContainer, cookies: Cookies) -> None:
        self._container = container
        self._cookies = cookies
        self._parts: Parts | None = None

    def __call__(self, app: ASGIApp) -> ASGIApp:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            opt = scope["route_handler"].opt
            access = opt[ACCESS]
            if ENDS in opt:
                send = self._cookies.forgetting(scope, send, opt[ENDS])
            if access is PUBLIC:
                await opt.get(INSTEAD, app)(scope, receive, send)
                return
            if access is SERVICE:
                scope["state"]["service"] = await self._authenticate(scope)
            else:
                scope["state"]["principal"] = await self._admit(scope, access)
            await app(scope, receive, send)

        return guarded

    async def _admit(self, scope: Scope, requirement: Requirement) -> Principal:
        parts = self._parts or await self._resolve()
        try:
            token = parts.tokens.verify(self._presented(scope), parts.clock.now())
        except (Unauthenticated, AmbiguousToken, CrossSiteRequest, JsonRequired) as refusal:
            record(parts.log, scope, requirement, refusal.code)
            raise
        decision = await parts.authorize(token, requirement)
        if decision.allowed:
            return Principal(user_id=token.subject, session_id=token.session_id)
        record(parts.log, scope, requirement, decision.reason, token.subject)
        if decision.reason == "role_missing":
            raise RoleRequired(str(requirement))
        raise InvalidToken

    def _presented(self, scope: Scope) -> str:
        """A header decides alone, even when it is of no use."""
        return presented(scope["headers"]) or self._cookies.access_token(scope)

    async def _authenticate(self, scope: Scope) -> Service:
        try:
            authenticate = await self._container.get(AuthenticateClient)
            return await authenticate(*client_credentials(scope["headers"]))
        except InvalidClient as refusal:
            record(await self._container.get(SecurityLog), scope, SERVICE, refusal.code)
            raise

    async def _resolve(self) -> Parts:
        get = self._container.get
        self._parts = Parts(await get(AccessTokens), await get(AuthorizeRole), await get(Clock), await get(SecurityLog))
        return self._parts


def record(
    log: SecurityLog, scope: Scope, requirement: Requirement | str, reason: str, user_id: UserId | None = None
) -> None:
    """Why somebody was turned away: more than the answer tells."""
    log.record(
        "authz_fail",
        method=str(scope.get("method")),
        route=scope["path_template"],
        reason=reason,
        required=str(requirement),
        user_id=str(user_id) if user_id is not None else None,
    )


def presented(headers: Iterable[Header]) -> str | None:
    """The token in a header of the request, unverified; None without such a header. Raise TokenRequired for one without
    a token, or AmbiguousToken."""
    authorization = extra = None
    for name, value in headers:
        if name == b"authorization":
            if authorization is not None:
                raise AmbiguousToken
            authorization = value
        elif name == b"x-access-token":
            if extra is not None:
                raise AmbiguousToken
            extra = value.strip()
    if authorization is None and extra is None:
        return None
    bearer = bearer_of(authorization)
    if bearer and extra and bearer != extra:
        raise AmbiguousToken
    token = bearer or extra
    if not token:
        raise TokenRequired
    return token.decode("latin-1")


def bearer_of(authorization: bytes | None) -> bytes | None:
    """What stands behind `Bearer`; another scheme is none of ours."""
    if authorization is None or authorization[: len(SCHEME)].lower() != SCHEME:
        return None
    return authorization[len(SCHEME) :].strip()


def asking(request: Request[Any, Any, Any]) -> Principal:
    """Whom the guard admitted to this request."""
    principal: Principal = request.scope["state"]["principal"]
    return principal


def asking_service(request: Request[Any, Any, Any]) -> Service:
    """Which service the guard admitted to this request."""
    service: Service = request.scope["state"]["service"]
    return service


def handlers(app: Litestar) -> Iterable[tuple[HTTPRoute, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                yield route, handler


def require_declared_access(app: Litestar) -> None:
    """Raise UndeclaredAccess for a route that declares none.

    OPTIONS is anybody's: it tells methods and no more. Litestar's own answer to it would name those of one handler.
    """
    for route, handler in handlers(app):
        if handler.http_methods == {"OPTIONS"}:
            handler.opt = {ACCESS: PUBLIC, INSTEAD: methods_answer(route.methods)}
        access = handler.opt.get(ACCESS)
        if access is not PUBLIC and access is not SERVICE and not isinstance(access, Requirement):
            raise UndeclaredAccess(f"{sorted(handler.http_methods)} {route.path} declares no access in its opt.")
