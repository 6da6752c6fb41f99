"""Decides for every request whether it may be handled, by what the matched route declares in its `opt`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, final

from dishka import AsyncContainer
from litestar import Request, Response
from litestar.types import Scope

from doorward.application.access.authorize_from_cache import AuthorizeFromCache
from doorward.application.access.authorize_role import AuthorizeRole
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import AccessTokens, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.rate_limits.limit_requests import LimitRequests
from doorward.application.services.authenticate_client import AuthenticateClient
from doorward.domain.access.decision import Requirement, refusal_of
from doorward.domain.access.principal import AccessToken, Principal
from doorward.domain.errors import InvalidClient, Unauthenticated
from doorward.domain.ids import UserId
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.domain.services.service import Service
from doorward.interfaces.http.errors.refusals import AmbiguousToken, CrossSiteRequest, JsonRequired
from doorward.interfaces.http.security.access import ACCESS, ALLOWED_METHODS, PUBLIC, SERVICE
from doorward.interfaces.http.security.cookies import Cookies
from doorward.interfaces.http.security.http_basic import client_credentials
from doorward.interfaces.http.security.injection import DEPENDENCIES, Dependencies
from doorward.interfaces.http.security.presented_token import PresentedToken, presented_token
from doorward.interfaces.http.security.request_limits import LIMIT, count_request

TOKEN: Final = "token"  # noqa: S105 a key
ADMITTED_AT: Final = "admitted_at"
CALLING_SERVICE: Final = "service"
"""The keys in a request's state of the token that the guard has verified and the time at which it did so, and of the
service that it has verified."""


@dataclass(frozen=True, slots=True)
class GuardDependencies:
    """What the guard needs from the container."""

    tokens: AccessTokens
    authorize_from_cache: AuthorizeFromCache
    authorize: AuthorizeRole
    clock: Clock
    log: SecurityLog


@final
class Guard:
    """Runs before every route handler, as Litestar's `before_request`. A middleware would add a second layer that
    catches exceptions. For most requests it queries no database and resolves no dependency."""

    def __init__(
        self, container: AsyncContainer, cookies: Cookies, presented_token: PresentedToken = presented_token
    ) -> None:
        self._container = container
        self._dependencies_of_handlers = Dependencies(container)
        self._cookies = cookies
        self._presented_token = presented_token
        self._dependencies: GuardDependencies | None = None
        self._authenticate: AuthenticateClient | None = None
        self._limit_requests: LimitRequests | None = None

    async def __call__(self, request: Request[Any, Any, Any]) -> Response[bytes] | None:
        """Return None to admit the request, or the answer to OPTIONS. Raise the refusal."""
        scope = request.scope
        state, opt = scope["state"], scope["route_handler"].opt
        state[DEPENDENCIES] = self._dependencies_of_handlers
        limit = opt.get(LIMIT)
        if limit is not None:
            await self._count(limit, state["ip"])
        access = opt[ACCESS]
        if access is PUBLIC:
            if ALLOWED_METHODS in opt:
                return Response(b"", status_code=204, headers={"Allow": opt[ALLOWED_METHODS]})
            return None
        if access is SERVICE:
            state[CALLING_SERVICE] = await self._authenticate_service(scope)
            return None
        dependencies = self._dependencies or await self._resolve()
        now = dependencies.clock.now()
        token = self._verified_token(dependencies, scope, access, now)
        decision = dependencies.authorize_from_cache(token, access, now)
        if decision is None:
            decision = await dependencies.authorize(token, access, now)
        if not decision.allowed:
            record_refusal(dependencies.log, scope, decision.requirement, decision.reason, token.subject)
            raise refusal_of(decision)
        state[TOKEN] = token
        state[ADMITTED_AT] = now
        return None

    async def _count(self, limit: LimitName, address: str) -> None:
        if self._limit_requests is None:
            self._limit_requests = await self._container.get(LimitRequests)
        await count_request(self._limit_requests, limit, address)

    def _verified_token(
        self, dependencies: GuardDependencies, scope: Scope, requirement: Requirement, now: datetime
    ) -> AccessToken:
        try:
            return dependencies.tokens.verify(self._presented_token(scope, self._cookies), now)
        except (Unauthenticated, AmbiguousToken, CrossSiteRequest, JsonRequired) as refusal:
            record_refusal(dependencies.log, scope, requirement, refusal.code)
            raise

    async def _authenticate_service(self, scope: Scope) -> Service:
        if self._authenticate is None:
            self._authenticate = await self._container.get(AuthenticateClient)
        try:
            return await self._authenticate(*client_credentials(scope["headers"]))
        except InvalidClient as refusal:
            record_refusal(await self._container.get(SecurityLog), scope, SERVICE, refusal.code)
            raise

    async def _resolve(self) -> GuardDependencies:
        get = self._container.get
        self._dependencies = GuardDependencies(
            await get(AccessTokens),
            await get(AuthorizeFromCache),
            await get(AuthorizeRole),
            await get(Clock),
            await get(SecurityLog),
        )
        return self._dependencies


def record_refusal(
    log: SecurityLog, scope: Scope, requirement: Requirement | str, reason: str, user_id: UserId | None = None
) -> None:
    """Write the reason of a refusal to the security log; the answer does not contain it."""
    log.record(
        SecurityEvent.AUTHZ_FAIL,
        method=str(scope.get("method")),
        route=scope["path_template"],
        reason=reason,
        required=str(requirement),
        user_id=str(user_id) if user_id is not None else None,
    )


def current_principal(request: Request[Any, Any, Any]) -> Principal:
    """Return the account and session that the guard admitted to this request."""
    state = request.scope["state"]
    token: AccessToken = state[TOKEN]
    return Principal(
        user_id=token.subject,
        session_id=token.session_id,
        epoch=token.epoch,
        requirement=request.scope["route_handler"].opt[ACCESS],
        admitted_at=state[ADMITTED_AT],
        address=state.get("ip", ""),
    )


def current_service(request: Request[Any, Any, Any]) -> Service:
    """Return the service that the guard admitted to this request."""
    service: Service = request.scope["state"][CALLING_SERVICE]
    return service
