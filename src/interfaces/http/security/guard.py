"""Who is asking, and may they? Decided once for every request, by what the matched route declares in its `opt`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, final

from dishka import AsyncContainer
from litestar import Litestar, Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import Scope

from doorward.application.access.authorize_from_cache import AuthorizeFromCache
from doorward.application.access.authorize_role import AuthorizeRole
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import AccessTokens, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.services.authenticate_client import AuthenticateClient
from doorward.domain.access.decision import Decision, Requirement
from doorward.domain.access.principal import AccessToken, Principal
from doorward.domain.errors import (
    CrossSiteRequest,
    DomainError,
    InvalidClient,
    InvalidToken,
    RoleRequired,
    TokenRequired,
    Unauthenticated,
)
from doorward.domain.ids import UserId
from doorward.domain.services.service import Service
from doorward.interfaces.http.edge.request_headers import FIELDS, Fields
from doorward.interfaces.http.errors.refusals import AmbiguousToken, JsonRequired
from doorward.interfaces.http.security.basic import client_credentials
from doorward.interfaces.http.security.cookies import Cookies

ACCESS: Final = "access"
"""The key in a route's `opt`. Its value is PUBLIC, SERVICE or a Requirement; there is no fourth, and no default."""

PUBLIC: Final = "public"

SERVICE: Final = "service"
"""For registered services, which authenticate by HTTP Basic; no account's token opens it."""

METHODS: Final = "methods"
"""The key of what OPTIONS tells."""

DISHKA: Final = "dishka_container"
"""Where dishka's `@inject` looks. Its own set-up opens a scope per request, and nothing here needs one."""

SCHEME: Final = b"bearer "


class UndeclaredAccess(Exception):
    """A route does not say who may use it, or nobody would ask. The application is not built, so that nothing is open
    by oversight."""


@dataclass(frozen=True, slots=True)
class Parts:
    tokens: AccessTokens
    authorize_from_cache: AuthorizeFromCache
    authorize: AuthorizeRole
    clock: Clock
    log: SecurityLog


@final
class Guard:
    """Stands before every handler, as Litestar's `before_request`: a middleware would do the same, but bring a second
    layer against exceptions with it. No database, no container and no dependency on its good path."""

    def __init__(self, container: AsyncContainer, cookies: Cookies) -> None:
        self._container = container
        self._cookies = cookies
        self._parts: Parts | None = None

    async def __call__(self, request: Request[Any, Any, Any]) -> Response[bytes] | None:
        """None when the handler may be asked; or what to answer in its place. Raise the refusal."""
        scope = request.scope
        state, opt = scope["state"], scope["route_handler"].opt
        state[DISHKA] = self._container
        access = opt[ACCESS]
        if access is PUBLIC:
            return Response(b"", status_code=204, headers={"Allow": opt[METHODS]}) if METHODS in opt else None
        if access is SERVICE:
            state["service"] = await self._authenticate(scope)
            return None
        parts = self._parts or await self._resolve()
        token = self._recognised(parts, scope, access)
        decision = parts.authorize_from_cache(token, access) or await parts.authorize(token, access)
        if not decision.allowed:
            raise refused(parts.log, scope, token, decision)
        state["token"] = token
        return None

    def _recognised(self, parts: Parts, scope: Scope, requirement: Requirement) -> AccessToken:
        try:
            return parts.tokens.verify(self._presented(scope), parts.clock.now())
        except (Unauthenticated, AmbiguousToken, CrossSiteRequest, JsonRequired) as refusal:
            record(parts.log, scope, requirement, refusal.code)
            raise

    def _presented(self, scope: Scope) -> str:
        """A header decides alone, even when it is of no use."""
        return presented(scope["state"][FIELDS]) or self._cookies.access_token(scope)

    async def _authenticate(self, scope: Scope) -> Service:
        try:
            authenticate = await self._container.get(AuthenticateClient)
            return await authenticate(*client_credentials(scope["headers"]))
        except InvalidClient as refusal:
            record(await self._container.get(SecurityLog), scope, SERVICE, refusal.code)
            raise

    async def _resolve(self) -> Parts:
        get = self._container.get
        self._parts = Parts(
            await get(AccessTokens),
            await get(AuthorizeFromCache),
            await get(AuthorizeRole),
            await get(Clock),
            await get(SecurityLog),
        )
        return self._parts


def refused(log: SecurityLog, scope: Scope, token: AccessToken, decision: Decision) -> DomainError:
    """What to raise, after it was written down."""
    record(log, scope, decision.requirement, decision.reason, token.subject)
    return RoleRequired(str(decision.requirement)) if decision.reason == "role_missing" else InvalidToken()


def record(
    log: SecurityLog, scope: Scope, requirement: Requirement | str, reason: str, user_id: UserId | None = None
) -> None:
    """Why somebody was turned away: more than the answer tells."""
    log.record(
        SecurityEvent.AUTHZ_FAIL,
        method=str(scope.get("method")),
        route=scope["path_template"],
        reason=reason,
        required=str(requirement),
        user_id=str(user_id) if user_id is not None else None,
    )


def presented(fields: Fields) -> str | None:
    """The token in a header of the request, unverified; None without such a header. Raise TokenRequired for one without
    a token, or AmbiguousToken."""
    authorization, extra = fields.get(b"authorization"), fields.get(b"x-access-token")
    if authorization is None and extra is None:
        return None
    bearer = bearer_of(authorization)
    if extra is not None:
        extra = extra.strip()
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
    token: AccessToken = request.scope["state"]["token"]
    return Principal(user_id=token.subject, session_id=token.session_id)


def asking_service(request: Request[Any, Any, Any]) -> Service:
    """Which service the guard admitted to this request."""
    service: Service = request.scope["state"]["service"]
    return service


def handlers(app: Litestar) -> Iterable[tuple[HTTPRoute, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                yield route, handler


def require_guarded(app: Litestar, guard: Guard) -> None:
    """Raise UndeclaredAccess for a route that declares no access, or would not ask this guard for it.

    OPTIONS is anybody's: it tells methods and no more. Litestar's own answer to it would name those of one handler.
    """
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            raise UndeclaredAccess(f"{route.path} is no plain HTTP: nothing is asked before it.")
    for route, handler in handlers(app):
        if handler.http_methods == {"OPTIONS"}:
            handler.opt = {ACCESS: PUBLIC, METHODS: ", ".join(sorted(route.methods))}
        access = handler.opt.get(ACCESS)
        where = f"{sorted(handler.http_methods)} {route.path}"
        if access is not PUBLIC and access is not SERVICE and not isinstance(access, Requirement):
            raise UndeclaredAccess(f"{where} declares no access in its opt.")
        if handler.resolve_before_request() is not guard:
            raise UndeclaredAccess(f"{where} has a before_request of its own, which would stand in for the guard.")
