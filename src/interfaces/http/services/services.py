"""Routes for registered services: token introspection and token revocation."""

from typing import Annotated, Any

import msgspec
from dishka import FromDishka
from dishka.integrations.litestar import inject
from litestar import Controller, Request, post
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse
from msgspec import UNSET, Meta, UnsetType

from doorward.application.ports.clock import Clock
from doorward.application.services.introspect_token import (
    ActiveAccessToken,
    ActiveRefreshToken,
    ActiveToken,
    IntrospectToken,
)
from doorward.application.services.revoke_token import RevokeToken
from doorward.domain.access.authorization_server import AuthorizationServer
from doorward.interfaces.http.security.guard import SERVICE, asking_service

UUID = Meta(extra_json_schema={"format": "uuid"})
SECONDS = Meta(description="Seconds since 1970.", examples=[1795435200])


class PresentedToken(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 7662, section 2.1, and RFC 7009, section 2.1. Unknown members are ignored."""

    token: Annotated[str, Meta(min_length=1, description="An access token or a refresh token.")]
    token_type_hint: Annotated[
        str,
        Meta(description="Accepted and not used: the kind of a token shows in the token.", examples=["access_token"]),
    ] = ""


class Introspection(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 7662, section 2.2. If the token is not active, `active` is the only member."""

    active: bool
    scope: (
        Annotated[str, Meta(description="The roles, separated by spaces.", examples=["moderator user"])] | UnsetType
    ) = UNSET
    client_id: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    token_type: Annotated[str, Meta(description="`Bearer` or `refresh_token`.")] | UnsetType = UNSET
    exp: Annotated[int, SECONDS] | UnsetType = UNSET
    iat: Annotated[int, SECONDS] | UnsetType = UNSET
    sub: Annotated[str, UUID] | UnsetType = UNSET
    aud: str | UnsetType = UNSET
    iss: str | UnsetType = UNSET
    jti: Annotated[str, UUID] | UnsetType = UNSET
    sid: Annotated[str, UUID] | UnsetType = UNSET
    roles: Annotated[list[str], Meta(description="The present roles of the account.")] | UnsetType = UNSET


INACTIVE = Introspection(active=False)
DONE = ASGIResponse()


def introspection(active: ActiveToken | None, server: AuthorizationServer) -> Introspection:
    match active:
        case ActiveAccessToken():
            return of_access_token(active, server)
        case ActiveRefreshToken():
            return of_refresh_token(active, server)
        case None:
            return INACTIVE


def of_access_token(active: ActiveAccessToken, server: AuthorizationServer) -> Introspection:
    token = active.token
    roles: list[str] = sorted(active.roles)
    return Introspection(
        active=True,
        scope=" ".join(roles),
        client_id=server.client_id,
        username=active.user.username.value,
        token_type="Bearer",  # noqa: S106 a scheme, no token
        exp=int(token.expires_at.timestamp()),
        iat=int(token.issued_at.timestamp()),
        sub=str(token.subject),
        aud=server.audience,
        iss=server.issuer,
        jti=str(token.id),
        sid=str(token.session_id),
        roles=roles,
    )


def of_refresh_token(active: ActiveRefreshToken, server: AuthorizationServer) -> Introspection:
    """It was issued when its session was last used."""
    session = active.session
    return Introspection(
        active=True,
        client_id=server.client_id,
        username=active.user.username.value,
        token_type="refresh_token",  # noqa: S106 a kind of token, and none
        exp=int(active.ends_at.timestamp()),
        iat=int(session.last_used_at.timestamp()),
        sub=str(session.user_id),
        sid=str(session.id),
    )


class ServicesController(Controller):
    path = "/api/auth"
    tags = ("Services",)

    @post(
        "/introspect",
        status_code=200,
        operation_id="introspect",
        summary="Introspect a token",
        opt={"access": SERVICE},
    )
    @inject
    async def introspect(
        self,
        data: JSONBody[PresentedToken],
        introspect: FromDishka[IntrospectToken],
        server: FromDishka[AuthorizationServer],
        clock: FromDishka[Clock],
    ) -> Introspection:
        """RFC 7662. A token is active if this service would accept it now. Introspection changes nothing."""
        return introspection(await introspect(data.token, clock.now()), server)

    @post(
        "/revoke",
        status_code=200,
        operation_id="revoke",
        summary="Revoke a token by ending its session",
        opt={"access": SERVICE},
    )
    @inject
    async def revoke(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[PresentedToken],
        revoke: FromDishka[RevokeToken],
        clock: FromDishka[Clock],
    ) -> ASGIResponse:
        """RFC 7009. The answer is 200 for every token, valid or not. The session of a valid token ends, and with it its
        access tokens and its refresh token: on this node at once, on every other node within one second."""
        await revoke(data.token, clock.now(), by=asking_service(request).id)
        return DONE
